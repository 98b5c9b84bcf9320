/** All laws of the record of uses, in the order in which they are best broken and mended. */
import { namedAmong } from "./Law.ts"
import type { UsageLaw } from "./UsageLaw.ts"
import { addingLaws } from "./usage/adding.ts"
import { beginningLaws } from "./usage/beginning.ts"
import { forgettingLaws } from "./usage/forgetting.ts"
import { readingLaws } from "./usage/reading.ts"
import { recordingLaws } from "./usage/recording.ts"

const all = [...recordingLaws, ...addingLaws, ...readingLaws, ...forgettingLaws, ...beginningLaws] as const

/** The sentence that a law of the record of uses is called by. */
export type UsageLawName = (typeof all)[number]["name"]

/** Every law of the usage contract, one test each. */
export const usageLaws: ReadonlyArray<UsageLaw<UsageLawName>> = all

/** The law of the record of uses that has this name. */
export const usageLawNamed: (name: UsageLawName) => UsageLaw<UsageLawName> = namedAmong(usageLaws)
