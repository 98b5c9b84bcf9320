/** What reaches SQL: values from JavaScript callers that are missing or empty are defects, and never mean "all". */
import type { KeyId } from "@tokenry/core/adapter"
import type { DateTime, Option } from "effect"

/** The id, if it is one at all. */
export const idOf = (id: string): string => nonEmpty(id, "A token's id")

/** The third party that tokens were issued to. */
export const issuedToOf = (issuedTo: string): string => nonEmpty(issuedTo, "Whom the tokens were issued to")

/** The key's id; `null` if there is none, for plain SHA-256. */
export const keyIdOf = (keyId: Option.Option<KeyId>): string | null =>
  keyId._tag === "Some" ? nonEmpty(keyId.value, "A key's id") : null

/** The instant as it is stored. `NaN` would become NULL, which means "never". */
export const millisecondsOf = (instant: DateTime.Utc): number => {
  const milliseconds: unknown = instant?.epochMilliseconds
  if (!Number.isSafeInteger(milliseconds)) throw new TypeError("An instant was expected, but something else was given")
  return milliseconds as number
}

export const optionalMillisecondsOf = (instant: Option.Option<DateTime.Utc>): number | null =>
  instant._tag === "Some" ? millisecondsOf(instant.value) : null

/** Later than any instant that JavaScript has. */
export const beyondAll = Number.MAX_SAFE_INTEGER

/** How many rows at most: 1 or more. */
export const limitOf = (limit: number): number => {
  if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new TypeError("A limit is an integer from 1 on")
  return limit
}

const nonEmpty = (value: string, what: string): string => {
  if (typeof value !== "string" || value === "")
    throw new TypeError(`${what} was expected, but something else was given`)
  return value
}
