/** What the in-memory stores accept: values from JavaScript callers that are missing, empty or of another type are defects. */
import type { DateTime } from "effect"
import type { ApiToken } from "../token/ApiToken.ts"
import { OwnerId } from "../token/OwnerId.ts"

/** The text, unless it is missing or empty (from JavaScript): it never means "all". */
export const givenText = <A extends string>(value: A): A => {
  if (typeof value !== "string" || value === "") {
    throw new TypeError("A text was expected, but something else was given")
  }
  return value
}

/** The instant, if it is one: a text is none, nor is one that is `NaN` or beyond what a `Date` can hold. */
export const givenInstant = (value: DateTime.Utc): DateTime.Utc => {
  const milliseconds: unknown = typeof value === "object" ? value?.epochMilliseconds : undefined
  if (!Number.isSafeInteger(milliseconds) || Math.abs(milliseconds as number) > 8.64e15) {
    throw new TypeError("An instant was expected, but something else was given")
  }
  return value
}

/** Fails on a token that no store could keep, so that this one is as strict as the others. */
export const assertWhole = ({ id, ownedBy, createdAt, expiresAt, revocation, secrets, history }: ApiToken): void => {
  givenText(id)
  OwnerId.assert(ownedBy)
  givenInstant(createdAt)
  if (expiresAt._tag === "Some") givenInstant(expiresAt.value)
  if (revocation._tag === "Some") givenInstant(revocation.value.at)
  for (const { state } of secrets) {
    switch (state._tag) {
      case "Active":
        break
      case "Retiring":
        givenInstant(state.until)
        break
      case "Retired":
        givenInstant(state.at)
        break
      default:
        throw new TypeError("A secret's state was expected, but something else was given")
    }
  }
  for (const { at } of history) givenInstant(at)
}
