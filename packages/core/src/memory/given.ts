/** Input checks of the in-memory stores: a missing or empty value, or one of another type, is a defect. */
import type * as DateTime from "effect/DateTime"
import type { ApiToken } from "../token/ApiToken.ts"
import { OwnerId } from "../token/OwnerId.ts"

/** Returns the text. Throws if it is missing or empty (from JavaScript), so it never means "all". */
export const givenText = <A extends string>(value: A): A => {
  if (typeof value !== "string" || value === "") {
    throw new TypeError("Expected a non-empty string")
  }
  return value
}

/** Returns the instant. Throws for a string, `NaN`, or anything beyond the range of `Date`. */
export const givenInstant = (value: DateTime.Utc): DateTime.Utc => {
  const milliseconds: unknown = typeof value === "object" ? value?.epochMilliseconds : undefined
  if (!Number.isSafeInteger(milliseconds) || Math.abs(milliseconds as number) > 8.64e15) {
    throw new TypeError("Expected a valid instant")
  }
  return value
}

/** Throws for a token that no store could save, so this one is as strict as the others. */
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
        throw new TypeError("Expected a secret's state")
    }
  }
  for (const { at } of history) givenInstant(at)
}
