/** All laws of the feed of changes, in the order in which they are best broken and mended. */
import type { ChangesLaw } from "./ChangesLaw.ts"
import { announcingLaws } from "./changes/announcing.ts"
import { followingLaws } from "./changes/following.ts"
import { reportingLaws } from "./changes/reporting.ts"
import { namedAmong } from "./Law.ts"

const all = [...reportingLaws, ...followingLaws, ...announcingLaws] as const

/** The sentence that a law of the feed is called by. */
export type ChangesLawName = (typeof all)[number]["name"]

/** Every law of the changes contract, one test each. */
export const changesLaws: ReadonlyArray<ChangesLaw<ChangesLawName>> = all

/** The law of the feed that has this name. */
export const changesLawNamed: (name: ChangesLawName) => ChangesLaw<ChangesLawName> = namedAmong(changesLaws)
