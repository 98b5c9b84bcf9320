/** One digest of a token, with its generation and what it is still good for. */
import { type Brand, type DateTime, Option } from "effect"
import type { Digest } from "./Digest.ts"
import type { Instant } from "./Instant.ts"

/** Which key of a key ring the digest was made with. */
export type KeyId = string & Brand.Brand<"KeyId">

/**
 * - `Active`: the one secret that clients should use.
 * - `Retiring`: replaced by a rotation, accepted until the instant `until`, which never lies after the expiry that
 *   the token had then.
 * - `Retired`: no longer accepted; remembered so that its return can be noticed. Nobody has reason to use it from the
 *   instant `at` on, which lies ahead if it had to give way to newer ones within its grace.
 */
export type SecretState =
  | { readonly _tag: "Active" }
  | { readonly _tag: "Retiring"; readonly until: DateTime.Utc }
  | { readonly _tag: "Retired"; readonly at: DateTime.Utc }

/** What verifying needs of a secret. */
export interface VerifiableSecret {
  readonly digest: Digest
  /** 1 for the secret that a token was issued with, one more at each rotation. */
  readonly generation: number
  /** None: plain SHA-256, made without a key ring. */
  readonly keyId: Option.Option<KeyId>
  readonly state: SecretState
}

export interface Secret extends VerifiableSecret {
  /**
   * What a person can compare with the string in their secret manager: the prefix and the last four characters of the
   * plaintext token, as in `tcp_…7T0m`. It narrows the search for a token by at most 24 of its 256 random bits.
   */
  readonly hint: string
}

/** A secret that has no generation yet: what a new or a rotated token receives. */
export type NewSecret = Pick<Secret, "digest" | "keyId" | "hint">

const active: SecretState = { _tag: "Active" }

/** Whether a client may still use the secret at `now`. */
const isUsable = (secret: Pick<VerifiableSecret, "state">, now: Instant): boolean => {
  switch (secret.state._tag) {
    case "Active":
      return true
    case "Retiring":
      return now.epochMilliseconds < secret.state.until.epochMilliseconds
    case "Retired":
      return false
  }
}

/** When a replaced secret ends, or ended; none if it is active. */
const endOf = ({ state }: Pick<VerifiableSecret, "state">): Option.Option<DateTime.Utc> => {
  switch (state._tag) {
    case "Active":
      return Option.none()
    case "Retiring":
      return Option.some(state.until)
    case "Retired":
      return Option.some(state.at)
  }
}

/** How long after its end a secret may still come back in requests that were on their way. */
const inFlightMilliseconds = 60_000

/**
 * Whether its return at `now` is a sign that somebody has it who should not: from a minute after its end on, and never
 * if it ended because its token expired.
 */
const isReuse = (
  secret: Pick<VerifiableSecret, "state">,
  expiresAt: Option.Option<DateTime.Utc>,
  now: Instant,
): boolean => {
  const end = Option.getOrUndefined(endOf(secret))?.epochMilliseconds
  if (end === undefined || !(now.epochMilliseconds >= end + inFlightMilliseconds)) return false
  return !(Option.isSome(expiresAt) && expiresAt.value.epochMilliseconds <= end)
}

/** Until when the secret is accepted, given the token's expiry, which may have been brought forward since the rotation. */
const expiryOf = (
  secret: Pick<VerifiableSecret, "state">,
  expiresAt: Option.Option<DateTime.Utc>,
): Option.Option<DateTime.Utc> => {
  if (secret.state._tag !== "Retiring") return expiresAt
  const { until } = secret.state
  return Option.isSome(expiresAt) && expiresAt.value.epochMilliseconds < until.epochMilliseconds
    ? expiresAt
    : Option.some(until)
}

export const Secret = { active, isUsable, endOf, isReuse, expiryOf } as const
