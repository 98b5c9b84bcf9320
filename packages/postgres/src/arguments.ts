/** Checks values before they reach SQL: missing or empty ones (from JavaScript) are defects, and never mean "all". */
import type { Digest, KeyId } from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/** Returns the id, checked. */
export const idOf = (id: string): string => {
  if (typeof id !== "string" || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
    throw new TypeError("A token's id must be a UUID, but something else was given")
  return id
}

/** The third party that tokens were issued to. */
export const issuedToOf = (issuedTo: string): string => nonEmpty(issuedTo, "The third party")

/** The key of the ring that secrets are under; `null` stands for plain SHA-256. */
export const keyIdOf = (keyId: Option.Option<KeyId>): string | null =>
  Option.isNone(keyId) ? null : nonEmpty(keyId.value, "A key's id")

/** The digest as PostgreSQL reads a `bytea`. */
export const byteaOf = ({ hex }: Digest): string => {
  if (typeof hex !== "string" || !/^[0-9a-f]{64}$/.test(hex)) throw new TypeError("A digest must have 64 hex digits")
  return `\\x${hex}`
}

/** The instant as PostgreSQL reads a `timestamptz`. After the year 9999, ISO 8601 wants a sign that PostgreSQL doesn't. */
export const timestampOf = (instant: DateTime.Utc): string =>
  new Date(millisecondsOf(instant)).toISOString().replace(/^\+/, "")

/** The instant as epoch milliseconds. */
export const millisecondsOf = (instant: DateTime.Utc): number => {
  const milliseconds: unknown = instant?.epochMilliseconds
  if (!Number.isSafeInteger(milliseconds) || (milliseconds as number) < yearOne)
    throw new TypeError("An instant must be a UTC date since the year 1, but something else was given")
  return milliseconds as number
}

const yearOne = Date.parse("0001-01-01T00:00:00Z")

export const optionalTimestampOf = (instant: Option.Option<DateTime.Utc>): string | null =>
  Option.isSome(instant) ? timestampOf(instant.value) : null

/** The revision that a stored token must have. */
export const revisionOf = (revision: number): number => {
  if (!Number.isSafeInteger(revision))
    throw new TypeError("A revision must be an integer, but something else was given")
  return revision
}

/** A generation, or how often something happened: 0 or more. */
export const countOf = (count: number): number => {
  if (!(Number.isSafeInteger(count) && count >= 0)) throw new TypeError("A count must be an integer of at least 0")
  return count
}

/** The maximum number of rows: at least 1. */
export const limitOf = (limit: number): number => {
  if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new TypeError("A limit must be an integer of at least 1")
  return limit
}

const nonEmpty = (value: string, what: string): string => {
  if (typeof value !== "string" || value === "") throw new TypeError(`${what} must be a non-empty string`)
  return value
}
