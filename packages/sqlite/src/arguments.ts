/** Checks values before they reach SQL: missing or empty ones (from JavaScript) are defects, and never mean "all". */
import type { KeyId } from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import type * as Option from "effect/Option"

/** Returns the id, checked. */
export const idOf = (id: string): string => nonEmpty(id, "A token's id")

/** The third party that tokens were issued to. */
export const issuedToOf = (issuedTo: string): string => nonEmpty(issuedTo, "The third party")

/** The key's id; `null` stands for plain SHA-256. */
export const keyIdOf = (keyId: Option.Option<KeyId>): string | null =>
  keyId._tag === "Some" ? nonEmpty(keyId.value, "A key's id") : null

/** The instant as stored. `NaN` would become NULL, which means "never". */
export const millisecondsOf = (instant: DateTime.Utc): number => {
  const milliseconds: unknown = instant?.epochMilliseconds
  if (!Number.isSafeInteger(milliseconds)) throw new TypeError("Expected a valid instant")
  return milliseconds as number
}

export const optionalMillisecondsOf = (instant: Option.Option<DateTime.Utc>): number | null =>
  instant._tag === "Some" ? millisecondsOf(instant.value) : null

/** Later than any JavaScript date. */
export const beyondAll = Number.MAX_SAFE_INTEGER

/** The maximum number of rows: at least 1. */
export const limitOf = (limit: number): number => {
  if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new TypeError("A limit must be an integer of at least 1")
  return limit
}

const nonEmpty = (value: string, what: string): string => {
  if (typeof value !== "string" || value === "") throw new TypeError(`${what} must be a non-empty string`)
  return value
}
