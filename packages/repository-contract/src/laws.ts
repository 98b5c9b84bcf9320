/** All laws, in the order in which they are best broken and mended. */
import { type Law, namedAmong } from "./Law.ts"
import { damagingLaws } from "./laws/damaging.ts"
import { findingLaws } from "./laws/finding.ts"
import { insertingLaws } from "./laws/inserting.ts"
import { lineageLaws } from "./laws/lineages.ts"
import { listingLaws } from "./laws/listing.ts"
import { missingLaws } from "./laws/missing.ts"
import { modellingLaws } from "./laws/modelling.ts"
import { namingKeysLaws } from "./laws/namingKeys.ts"
import { pagingLaws } from "./laws/paging.ts"
import { purgingLaws } from "./laws/purging.ts"
import { replacingLaws } from "./laws/replacing.ts"
import { revokingLaws } from "./laws/revoking.ts"
import { roundTrippingLaws } from "./laws/roundTripping.ts"
import { seeingLaws } from "./laws/seeing.ts"
import { streamingLaws } from "./laws/streaming.ts"
import { deliveringLaws } from "./laws/delivering.ts"

const all = [
  ...insertingLaws,
  ...findingLaws,
  ...replacingLaws,
  ...revokingLaws,
  ...listingLaws,
  ...pagingLaws,
  ...lineageLaws,
  ...streamingLaws,
  ...namingKeysLaws,
  ...deliveringLaws,
  ...purgingLaws,
  ...roundTrippingLaws,
  ...seeingLaws,
  ...missingLaws,
  ...modellingLaws,
] as const

/** The sentence that a law is called by. */
export type LawName = (typeof all)[number]["name"]

/** Every law of the contract, one test each. */
export const laws: ReadonlyArray<Law<LawName>> = all

/** The laws about damaged tokens, for stores whose tests know how to damage one. */
export const damageLaws: ReadonlyArray<Law> = damagingLaws

/** The law of this name. */
export const lawNamed: (name: LawName) => Law<LawName> = namedAmong(laws)
