/** What the in-memory stores are asked with: values from JavaScript callers that are missing or empty are defects. */
import type { DateTime } from "effect"

/** The value, unless it is missing or empty (from JavaScript): then nothing was asked for, and not "all". */
export const given = <A extends string | DateTime.Utc>(value: A): A => {
  const isGiven = typeof value === "string" ? value !== "" : Number.isSafeInteger(value?.epochMilliseconds)
  if (!isGiven) throw new TypeError("An id or an instant was expected, but something else was given")
  return value
}
