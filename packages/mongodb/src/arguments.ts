/** Checks arguments before they reach a query. Missing or empty ones, from JavaScript, are defects and never mean "all". */
import type { Digest, KeyId } from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

export const idOf = (id: string): string => nonEmpty(id, "A token's id")

export const issuedToOf = (issuedTo: string): string => nonEmpty(issuedTo, "The third party")

/** A key of the key ring; `null` means plain SHA-256. */
export const keyIdOf = (keyId: Option.Option<KeyId>): string | null =>
  Option.isNone(keyId) ? null : nonEmpty(keyId.value, "A key's id")

/** The stored form of a digest: its 32 bytes. */
export const bytesOf = ({ hex }: Digest): Uint8Array => Buffer.from(nonEmpty(hex, "A digest"), "hex")

/**
 * The stored expiry of tokens that never expire. It is a date, so one index range finds all unexpired tokens; the
 * field `neverExpires` tells them from tokens that expire at that instant.
 */
export const never = new Date("9999-12-31T23:59:59.999Z")

/** The stored form of a bound on expiries; it never lies beyond `never`. */
export const expiryBoundOf = (instant: DateTime.Utc): Date => {
  const date = dateOf(instant)
  return date < never ? date : never
}

export const dateOf = (instant: DateTime.Utc): Date => {
  const milliseconds: unknown = instant?.epochMilliseconds
  if (!Number.isSafeInteger(milliseconds)) throw new TypeError("Expected a valid instant")
  return new Date(milliseconds as number)
}

export const revisionOf = (revision: number): number => {
  if (!Number.isSafeInteger(revision)) throw new TypeError("Expected a revision")
  return revision
}

export const countOf = (count: number): number => {
  if (!(Number.isSafeInteger(count) && count >= 0)) throw new TypeError("Expected a count of at least 0")
  return count
}

export const limitOf = (limit: number): number => {
  if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new TypeError("A limit must be an integer of at least 1")
  return limit
}

const nonEmpty = (value: string, what: string): string => {
  if (typeof value !== "string" || value === "") throw new TypeError(`${what} must be a non-empty string`)
  return value
}
