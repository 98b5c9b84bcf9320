/** What use cases and ports fail with. No message ever holds a plaintext token or a digest. */
import { Data, DateTime } from "effect"
import type { TokenState } from "./token/ApiToken.ts"
import type { Side } from "./token/Refusal.ts"

/** One thing that is wrong with an input: where, and what, as a sentence's end. Never the value itself. */
export interface InputIssue {
  readonly path: ReadonlyArray<string>
  readonly message: string
}

/** How many problems an error lists. */
const listedAtMost = 20

/** The first 20 problems, and how many more there are: what a client gets back stays in proportion to what it sent. */
const bounded = (issues: ReadonlyArray<InputIssue>): ReadonlyArray<InputIssue> => {
  const excess = issues.length - listedAtMost
  return excess > 0
    ? [...issues.slice(0, listedAtMost), { path: [], message: `has ${excess} more problems, which are not listed` }]
    : issues
}

/** The first 20 of these names, for a message. */
const someOf = (names: ReadonlyArray<string>): string =>
  names.length > listedAtMost
    ? `${names.slice(0, listedAtMost).join(", ")} and ${names.length - listedAtMost} more`
    : names.join(", ")

const sentence = (issues: ReadonlyArray<InputIssue>): string =>
  issues.map(({ path, message }) => `${path.join(".") || "input"} ${message}`).join("; ")

/** The input does not have the shape that is asked for: a missing owner, a number for a string, a date that is none. */
export class InvalidInput extends Data.TaggedError("InvalidInput")<{
  /** The first 20, then one that says how many more there are. */
  readonly issues: ReadonlyArray<InputIssue>
}> {
  constructor({ issues }: { readonly issues: ReadonlyArray<InputIssue> }) {
    super({ issues: bounded(issues) })
  }

  override get message(): string {
    return sentence(this.issues)
  }
}

/** A scope, a name or an expiry that has the right shape, but that the rules or the policy forbid. */
export class PolicyViolation extends Data.TaggedError("PolicyViolation")<{
  /** The first 20, then one that says how many more there are. */
  readonly issues: ReadonlyArray<InputIssue>
}> {
  constructor({ issues }: { readonly issues: ReadonlyArray<InputIssue> }) {
    super({ issues: bounded(issues) })
  }

  override get message(): string {
    return sentence(this.issues)
  }
}

/** More was asked for than there is to give: scopes that the token, or its owner, does not hold. */
export class ScopeNotHeld extends Data.TaggedError("ScopeNotHeld")<{
  readonly scopes: ReadonlyArray<string>
  readonly on: Side
}> {
  override get message(): string {
    return `The ${this.on} does not hold ${someOf(this.scopes)}, so it can't be given`
  }
}

/**
 * A later expiry was asked for than there is to give: a minted token can't outlive what it was minted by, and a token that
 * rotates itself can't renew itself.
 */
export class ExpiryNotHeld extends Data.TaggedError("ExpiryNotHeld")<{
  /** The field by which it was asked for. */
  readonly field: "expiresAt" | "expiresIn"
  /** The latest expiry that can be given. */
  readonly latest: DateTime.Utc
}> {
  override get message(): string {
    return `The token by means of which this is done allows no later expiry than ${DateTime.formatIso(this.latest)}`
  }
}

/** What was done by means of a token was done with a secret that a rotation has replaced. It may still call, not manage. */
export class SecretNotActive extends Data.TaggedError("SecretNotActive")<{ readonly tokenId: string }> {
  override get message(): string {
    return `The secret of the token ${this.tokenId} was replaced by a rotation: only the newest one may manage tokens`
  }
}

/** Stored secrets need keys that the key ring does not have: opened without them, their tokens would not be accepted. */
export class MissingKeys extends Data.TaggedError("MissingKeys")<{ readonly ids: ReadonlyArray<string> }> {
  override get message(): string {
    return `Stored tokens need keys that are not in the key ring: ${someOf(this.ids)}. Add them, inactive if need be`
  }
}

/** The owner is deactivated or gone: nothing can be issued for them. */
export class InactiveOwner extends Data.TaggedError("InactiveOwner")<{ readonly ownedBy: string }> {
  override get message(): string {
    return "The owner is not active"
  }
}

/** This owner has no token with this id; somebody else's token is none of theirs. */
export class TokenNotFound extends Data.TaggedError("TokenNotFound")<{
  /** Empty if what was given can't be an id: it may be a plaintext token in the wrong place. */
  readonly id: string
}> {
  override get message(): string {
    return `There is no token ${this.id || "with such an id"} of this owner`
  }
}

/** The token is revoked or expired, and so can't be changed any more, but by revoking it. */
export class TokenNotLive extends Data.TaggedError("TokenNotLive")<{
  readonly id: string
  readonly state: Exclude<TokenState, "live">
}> {
  override get message(): string {
    return `The token ${this.id} is ${this.state} and can't be changed any more`
  }
}

/** A token with this id or this digest is in the store already. From `issue`: random bytes repeat themselves. */
export class DuplicateToken extends Data.TaggedError("DuplicateToken")<{ readonly id: string }> {
  override get message(): string {
    return `The id or a digest of the token ${this.id} is in the store already`
  }
}

/**
 * A stored token can't be read: a field is missing or holds what no version of Tokenry writes. Verifying or changing that
 * token dies with this error, as a defect; lists, sweeps and other work on many tokens log it, leave that token out, and
 * carry on. Repair or delete the record.
 */
export class DamagedToken extends Data.TaggedError("DamagedToken")<{
  /** The token's id, if that much can be read. */
  readonly id: string
  /** Where in the record: `expiresAt`, `secrets.0.state`. Never its value. */
  readonly field: string
}> {
  override get message(): string {
    return `The stored token ${this.id || "(no readable id)"} is damaged in its field ${this.field}`
  }
}

/** Somebody else changed the token between reading and writing. Nothing was written: read it again. */
export class RevisionConflict extends Data.TaggedError("RevisionConflict")<{ readonly id: string }> {
  override get message(): string {
    return `The token ${this.id} was changed by somebody else in the meantime`
  }
}

/** The token has another revision than the change was asked for on. Nothing was written: read it again, then decide. */
export class RevisionMismatch extends Data.TaggedError("RevisionMismatch")<{ readonly id: string }> {
  override get message(): string {
    return `The token ${this.id} has another revision than is expected`
  }
}

/**
 * The store (or the directory of owners) did not answer in time, or answered with an outage. Never a verdict about a
 * token. After a write the outcome is unknown: read before you repeat it; if `issue` or `rotate` failed so, revoke or
 * rotate what you then find, since its plaintext is lost.
 */
export class RepositoryUnavailable extends Data.TaggedError("RepositoryUnavailable")<{
  /** Which operation of the port failed: `insert`. */
  readonly operation: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `The token store is not available (${this.operation})`
  }
}
