/** All laws of the change feed, in the best order to fix violations. */
import type { ChangesLaw } from "./ChangesLaw.ts"
import { announcingLaws } from "./changes/announcing.ts"
import { followingLaws } from "./changes/following.ts"
import { reportingLaws } from "./changes/reporting.ts"
import { namedAmong } from "./Law.ts"

const all = [...reportingLaws, ...followingLaws, ...announcingLaws] as const

/** The name of a change feed law, a sentence. */
export type ChangesLawName = (typeof all)[number]["name"]

/** Every law of the changes contract, one test each. */
export const changesLaws: ReadonlyArray<ChangesLaw<ChangesLawName>> = all

/** The change feed law with this name. */
export const changesLawNamed: (name: ChangesLawName) => ChangesLaw<ChangesLawName> = namedAmong(changesLaws)
