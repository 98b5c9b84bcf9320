/** All laws of the usage store, in the best order to fix violations. */
import { namedAmong } from "./Law.ts"
import type { UsageLaw } from "./UsageLaw.ts"
import { addingLaws } from "./usage/adding.ts"
import { beginningLaws } from "./usage/beginning.ts"
import { forgettingLaws } from "./usage/forgetting.ts"
import { readingLaws } from "./usage/reading.ts"
import { recordingLaws } from "./usage/recording.ts"

const all = [...recordingLaws, ...addingLaws, ...readingLaws, ...forgettingLaws, ...beginningLaws] as const

/** The name of a usage store law, a sentence. */
export type UsageLawName = (typeof all)[number]["name"]

/** Every law of the usage contract, one test each. */
export const usageLaws: ReadonlyArray<UsageLaw<UsageLawName>> = all

/** The usage store law with this name. */
export const usageLawNamed: (name: UsageLawName) => UsageLaw<UsageLawName> = namedAmong(usageLaws)
