/**
 * Checks values before they reach a query: missing or empty ones (from JavaScript) are defects, and never mean "all".
 */
import type { Digest, KeyId } from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/** Returns the id, checked. */
export const idOf = (id: string): string => nonEmpty(id, "A token's id")

/** The third party that tokens were issued to. */
export const issuedToOf = (issuedTo: string): string => nonEmpty(issuedTo, "The third party")

/** The key of the ring that secrets are under; `null` stands for plain SHA-256. */
export const keyIdOf = (keyId: Option.Option<KeyId>): string | null =>
  Option.isNone(keyId) ? null : nonEmpty(keyId.value, "A key's id")

/** The digest as it is stored and looked up: its 32 bytes. */
export const bytesOf = ({ hex }: Digest): Uint8Array => Buffer.from(nonEmpty(hex, "A digest"), "hex")

/**
 * The expiry of tokens that never expire: a date, so that one range in an index finds all tokens that are not expired. A
 * field of its own says that it means never.
 */
export const never = new Date("9999-12-31T23:59:59.999Z")

/** The instant as an end of a range of expiries, short of the tokens that never expire. */
export const expiryBoundOf = (instant: DateTime.Utc): Date => {
  const date = dateOf(instant)
  return date < never ? date : never
}

/** The instant as it is stored. */
export const dateOf = (instant: DateTime.Utc): Date => {
  const milliseconds: unknown = instant?.epochMilliseconds
  if (!Number.isSafeInteger(milliseconds)) throw new TypeError("Expected a valid instant")
  return new Date(milliseconds as number)
}

/** The revision that a stored token is to have. */
export const revisionOf = (revision: number): number => {
  if (!Number.isSafeInteger(revision)) throw new TypeError("Expected a revision")
  return revision
}

/** A generation, or how often something happened: 0 or more. */
export const countOf = (count: number): number => {
  if (!(Number.isSafeInteger(count) && count >= 0)) throw new TypeError("Expected a count of at least 0")
  return count
}

/** How many documents at most: 1 or more. */
export const limitOf = (limit: number): number => {
  if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new TypeError("A limit must be an integer of at least 1")
  return limit
}

const nonEmpty = (value: string, what: string): string => {
  if (typeof value !== "string" || value === "") throw new TypeError(`${what} must be a non-empty string`)
  return value
}
