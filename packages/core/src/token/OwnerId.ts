/** The owner a token acts for, by its id in the surrounding system: a user, an organisation, a service. */
import type * as Brand from "effect/Brand"
import { flawOfText } from "./Text.ts"

export type OwnerId = string & Brand.Brand<"OwnerId">

const maxLength = 255

/** What is wrong with the owner id, completing a sentence; `undefined` if nothing is. */
const flawOf = (value: string): string | undefined => flawOfText(value, maxLength)

const is = (value: unknown): value is OwnerId => typeof value === "string" && flawOf(value) === undefined

/** For adapters: returns the value if it is an owner id, so a missing one never means "all". */
const assert = (value: OwnerId): OwnerId => {
  if (!is(value)) throw new TypeError("Expected an owner id")
  return value
}

/** Kept exactly as given: `1`, `01` and `507f1f77bcf86cd799439011` are three owners. */
export const OwnerId = { flawOf, is, assert } as const
