/** Who a token acts for, by the id that the surrounding system gives: a user, an organisation, a service. */
import type { Brand } from "effect"
import { flawOfText } from "./Text.ts"

export type OwnerId = string & Brand.Brand<"OwnerId">

const maxLength = 255

/** What is wrong with the value as an owner id, as a sentence's end; `undefined` if nothing is. */
const flawOf = (value: string): string | undefined => flawOfText(value, maxLength)

const is = (value: unknown): value is OwnerId => typeof value === "string" && flawOf(value) === undefined

/** For adapters: the value if it is an owner's id, so that an absent one never means "all". */
const assert = (value: OwnerId): OwnerId => {
  if (!is(value)) throw new TypeError("An owner's id was expected, but something else was given")
  return value
}

/** Kept exactly as given: `1`, `01` and `507f1f77bcf86cd799439011` are three owners. */
export const OwnerId = { flawOf, is, assert } as const
