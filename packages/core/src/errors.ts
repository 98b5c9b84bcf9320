/** The errors of use cases and ports. No message ever contains a plaintext token or a digest. */
import * as Data from "effect/Data"
import type { TokenState } from "./token/ApiToken.ts"
import type { Side } from "./token/Refusal.ts"

/** One problem with an input: its location, and a message that completes a sentence. Never the value itself. */
export interface InputIssue {
  readonly path: ReadonlyArray<string>
  readonly message: string
}

/** The maximum number of problems an error lists. */
const listedAtMost = 20

/** The first 20 problems, plus a count of the rest, so a small request can't produce a huge response. */
const bounded = (issues: ReadonlyArray<InputIssue>): ReadonlyArray<InputIssue> => {
  const excess = issues.length - listedAtMost
  return excess > 0
    ? [...issues.slice(0, listedAtMost), { path: [], message: `has ${excess} more problems, not listed here` }]
    : issues
}

/** The first 20 of these names, for a message. */
const someOf = (names: ReadonlyArray<string>): string =>
  names.length > listedAtMost
    ? `${names.slice(0, listedAtMost).join(", ")} and ${names.length - listedAtMost} more`
    : names.join(", ")

const sentence = (issues: ReadonlyArray<InputIssue>): string =>
  issues.map(({ path, message }) => `${path.join(".") || "input"} ${message}`).join("; ")

/** The input has the wrong shape: a missing owner, a number instead of a string, an invalid date. */
export class InvalidInput extends Data.TaggedError("InvalidInput")<{
  /** The first 20, then a count of the rest. */
  readonly issues: ReadonlyArray<InputIssue>
}> {
  constructor({ issues }: { readonly issues: ReadonlyArray<InputIssue> }) {
    super({ issues: bounded(issues) })
  }

  override get message(): string {
    return sentence(this.issues)
  }
}

/** A scope, name or expiry has the right shape but breaks the rules or the policy. */
export class PolicyViolation extends Data.TaggedError("PolicyViolation")<{
  /** The first 20, then a count of the rest. */
  readonly issues: ReadonlyArray<InputIssue>
}> {
  constructor({ issues }: { readonly issues: ReadonlyArray<InputIssue> }) {
    super({ issues: bounded(issues) })
  }

  override get message(): string {
    return sentence(this.issues)
  }
}

/** The request asks for scopes that the token or its owner doesn't have. */
export class ScopeNotHeld extends Data.TaggedError("ScopeNotHeld")<{
  readonly scopes: ReadonlyArray<string>
  readonly on: Side
}> {
  override get message(): string {
    return `The ${this.on} can't grant ${someOf(this.scopes)} because it doesn't have it`
  }
}

/**
 * The requested expiry is too late: a minted token can't outlive its ancestors, and a token can't extend its own life.
 */
export class ExpiryNotHeld extends Data.TaggedError("ExpiryNotHeld")<{
  /** The request field that asked for it. */
  readonly field: "expiresAt" | "expiresIn"
  /** The latest possible expiry. */
  readonly latest: Date
}> {
  override get message(): string {
    return `The expiry can't be later than ${this.latest.toISOString()}, when the calling token expires`
  }
}

/** The token's secret has been replaced by a rotation. It can still call the API, but not manage tokens. */
export class SecretNotActive extends Data.TaggedError("SecretNotActive")<{ readonly tokenId: string }> {
  override get message(): string {
    return `The secret of token ${this.tokenId} was replaced by a rotation. Only the newest secret can manage tokens`
  }
}

/** Stored secrets need keys that are missing from the key ring. Without them, those tokens would be refused. */
export class MissingKeys extends Data.TaggedError("MissingKeys")<{ readonly ids: ReadonlyArray<string> }> {
  override get message(): string {
    return `Stored tokens need keys that are missing from the key ring: ${someOf(this.ids)}. Add them; they don't have to be active`
  }
}

/** The owner is deactivated or deleted, so no token can be issued for them. */
export class InactiveOwner extends Data.TaggedError("InactiveOwner")<{ readonly ownedBy: string }> {
  override get message(): string {
    return "The owner is not active"
  }
}

/** The owner has no token with this id. Someone else's token gives the same error. */
export class TokenNotFound extends Data.TaggedError("TokenNotFound")<{
  /** Empty if the value can't be an id: it may be a plaintext token in the wrong place. */
  readonly id: string
}> {
  override get message(): string {
    return `This owner has no token ${this.id || "with this id"}`
  }
}

/** The token is revoked or expired. The only change still allowed is revoking it. */
export class TokenNotLive extends Data.TaggedError("TokenNotLive")<{
  readonly id: string
  readonly state: Exclude<TokenState, "live">
}> {
  override get message(): string {
    return `The token ${this.id} is ${this.state}, so it can't be changed`
  }
}

/** A token with this id or digest already exists. From `issue`, it means that random bytes are repeating. */
export class DuplicateToken extends Data.TaggedError("DuplicateToken")<{ readonly id: string }> {
  override get message(): string {
    return `The store already has the id or a digest of token ${this.id}`
  }
}

/**
 * A stored token is unreadable: a field is missing or holds a value no version of Tokenry writes. Verifying or changing
 * the token dies with this error, as a defect. Lists, sweeps and bulk work log it, skip the token and carry on. Repair
 * or delete the record.
 */
export class DamagedToken extends Data.TaggedError("DamagedToken")<{
  /** The token's id, if it is readable. */
  readonly id: string
  /** Where in the record: `expiresAt`, `secrets.0.state`. Never its value. */
  readonly field: string
}> {
  override get message(): string {
    return `The stored token ${this.id || "(no readable id)"} is damaged: its field ${this.field} can't be read`
  }
}

/** Another write changed the token between this call's read and write. Nothing was written; read the token again. */
export class RevisionConflict extends Data.TaggedError("RevisionConflict")<{ readonly id: string }> {
  override get message(): string {
    return `The token ${this.id} was changed by another request. Read it again`
  }
}

/** The token's revision isn't the expected one. Nothing was written; read the token again, then decide. */
export class RevisionMismatch extends Data.TaggedError("RevisionMismatch")<{ readonly id: string }> {
  override get message(): string {
    return `The token ${this.id} has changed since the expected revision. Read it again`
  }
}

/**
 * The store (or the owner directory) failed or didn't answer in time. Says nothing about the token. After a write the
 * outcome is unknown, so read before repeating it. If `issue` or `rotate` failed, revoke or rotate any token you find,
 * since its plaintext is lost.
 */
export class RepositoryUnavailable extends Data.TaggedError("RepositoryUnavailable")<{
  /** The port operation that failed, for example `insert`. */
  readonly operation: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `The token store is unavailable (${this.operation})`
  }
}

/** Every error a use case can fail with. */
export type ApiTokensError =
  | DuplicateToken
  | ExpiryNotHeld
  | InactiveOwner
  | InvalidInput
  | PolicyViolation
  | RepositoryUnavailable
  | RevisionConflict
  | RevisionMismatch
  | ScopeNotHeld
  | SecretNotActive
  | TokenNotFound
  | TokenNotLive

/** The `_tag` of an error: a stable code. */
export type ErrorCode = ApiTokensError["_tag"]

/** For each code, a check that the error has the fields it needs. */
const hasFields: { readonly [Code in ErrorCode]: (error: object) => boolean } = {
  DuplicateToken: (error) => "id" in error,
  ExpiryNotHeld: (error) => "field" in error && isString(error.field) && "latest" in error && isDate(error.latest),
  InactiveOwner: (error) => "ownedBy" in error,
  InvalidInput: (error) => "issues" in error && isListOf(error.issues, isIssue),
  PolicyViolation: (error) => "issues" in error && isListOf(error.issues, isIssue),
  RepositoryUnavailable: (error) => "operation" in error,
  RevisionConflict: (error) => "id" in error,
  RevisionMismatch: (error) => "id" in error,
  ScopeNotHeld: (error) => "scopes" in error && isListOf(error.scopes, isString),
  SecretNotActive: (error) => "tokenId" in error,
  TokenNotFound: (error) => "id" in error,
  TokenNotLive: (error) => "id" in error && "state" in error && isString(error.state),
}

/** Every code. */
export const errorCodes = Object.keys(hasFields) as ReadonlyArray<ErrorCode>

/**
 * Whether the value is a use case's error. Checks the tag and fields rather than the class: a bundler may have
 * duplicated the core, and each class with it.
 */
export const isApiTokensError = (value: unknown): value is ApiTokensError => {
  if (!(value instanceof Error) || !("_tag" in value) || typeof value._tag !== "string") return false
  return Object.hasOwn(hasFields, value._tag) && hasFields[value._tag as ErrorCode](value)
}

const isString = (value: unknown): boolean => typeof value === "string"

const isDate = (value: unknown): boolean => value instanceof Date && !Number.isNaN(value.getTime())

const isListOf = (value: unknown, isElement: (element: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every((element) => isElement(element))

const isIssue = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  "path" in value &&
  isListOf(value.path, isString) &&
  "message" in value &&
  isString(value.message)
