/** One digest of a token, with its generation and state. */
import type * as Brand from "effect/Brand"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { Digest } from "./Digest.ts"
import type { Instant } from "./Instant.ts"

/** The key of the key ring that the digest was made with. */
export type KeyId = string & Brand.Brand<"KeyId">

/**
 * - `Active`: the one secret clients should use.
 * - `Retiring`: replaced by a rotation; accepted until `until`, which is never later than the token's expiry at that
 *   time.
 * - `Retired`: no longer accepted, but remembered to detect reuse. No client has a legitimate reason to use it after
 *   `at`, which is in the future if newer secrets displaced it during its grace period.
 */
export type SecretState =
  | { readonly _tag: "Active" }
  | { readonly _tag: "Retiring"; readonly until: DateTime.Utc }
  | { readonly _tag: "Retired"; readonly at: DateTime.Utc }

/** The fields of a secret that verifying needs. */
export interface VerifiableSecret {
  readonly digest: Digest
  /** 1 for the secret a token was issued with, incremented by each rotation. */
  readonly generation: number
  /** None: plain SHA-256, without a key ring. */
  readonly keyId: Option.Option<KeyId>
  readonly state: SecretState
}

export interface Secret extends VerifiableSecret {
  /**
   * Lets people identify the token in their secret manager: the prefix and last four characters of the plaintext, as in
   * `tcp_…7T0m`. Reveals at most 24 of its 256 random bits.
   */
  readonly hint: string
}

/** A secret without a generation yet, for a new or rotated token. */
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

/** When a replaced secret ends or ended; none if it is active. */
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

/** How long after its end a secret may still arrive in requests that were in flight. */
const inFlightMilliseconds = 60_000

/**
 * Whether seeing the secret at `now` suggests that it leaked: more than a minute after its end, and never if it ended
 * because its token expired. `expiry` is the token's, in milliseconds (`Infinity`: never).
 */
const isReuse = (secret: Pick<VerifiableSecret, "state">, expiry: number, now: Instant): boolean => {
  const end = Option.getOrUndefined(endOf(secret))?.epochMilliseconds
  return end !== undefined && now.epochMilliseconds >= end + inFlightMilliseconds && !(expiry <= end)
}

/** Until when the secret is accepted, given the token's expiry, which may have moved forward since the rotation. */
const expiryOf = ({ state }: Pick<VerifiableSecret, "state">, expiry: number): number =>
  state._tag === "Retiring" ? Math.min(expiry, state.until.epochMilliseconds) : expiry

export const Secret = { active, isUsable, endOf, isReuse, expiryOf } as const
