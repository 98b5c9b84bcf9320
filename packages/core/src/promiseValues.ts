/** Tokens, callers and usage without Effect: plain objects with dates and `null`. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { InvalidInput } from "./errors.ts"
import type { AuditEvent } from "./ports/AuditSink.ts"
import type { ApiToken, VerifiableToken } from "./token/ApiToken.ts"
import type { Actor, Origin } from "./token/Attribution.ts"
import type { ScopeSide } from "./token/Caller.ts"
import type { Change, ChangeKind } from "./token/Change.ts"
import type { KeyBinding } from "./token/KeyBinding.ts"
import type { OwnerId } from "./token/OwnerId.ts"
import type { Refusal } from "./token/Refusal.ts"
import type { Scope } from "./token/Scope.ts"
import type { TokenId } from "./token/TokenId.ts"
import type { TokenUsage as EffectTokenUsage } from "./token/TokenUsage.ts"
import type { MakeCaller } from "./verifying/verifying.ts"

/** A token without its digests: nothing in it is secret. */
export interface TokenDetails {
  readonly id: string
  readonly ownedBy: string
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly createdAt: Date
  /** `null`: never. */
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly revocationReason: string | null
  readonly ancestors: ReadonlyArray<string>
  readonly issuedTo: string | null
  /** The thumbprint of the key the token is bound to, or `first-key` until it is. `null`: a bearer token. */
  readonly boundTo: string | null
  /** Newest first. A `retiring` secret is accepted until its grace period ends, or the token expires if that is sooner. */
  readonly secrets: ReadonlyArray<{
    readonly generation: number
    /** The prefix and the last four characters, to compare with a secret manager: `tcp_…7T0m`. */
    readonly hint: string
    readonly state: "active" | "retiring" | "retired"
    /** When a `retiring` secret's grace period ends. */
    readonly graceEnds: Date | null
  }>
  /** The last 50 changes, the oldest first. */
  readonly history: ReadonlyArray<{
    readonly kind: ChangeKind
    readonly at: Date
    readonly actor: Actor
    readonly origin: Origin
    readonly detail: string | null
  }>
  readonly revision: number
  /** The hint of the active secret. */
  readonly hint: string
}

/** The caller, its token and its current rights. */
export interface Caller<S extends string = string> {
  readonly tokenId: string
  readonly generation: number
  readonly ownedBy: string
  /** The tokens this one was minted with, the outermost first. */
  readonly ancestors: ReadonlyArray<string>
  /** What the token, its ancestors and its owner all grant now, implied scopes included. */
  readonly scopes: ReadonlyArray<S>
  /** What each side grants, the token first, where ancestors or the owner narrow what the token grants; else empty. */
  readonly narrowedBy: ReadonlyArray<ScopeSide>
  /** `null`: never. */
  readonly expiresAt: Date | null
  /**
   * The thumbprint of the key the token is bound to; from `inspect`, `first-key` if it isn't bound yet. `null`: a bearer
   * token.
   */
  readonly boundTo: string | null
}

export type Verification<S extends string = string> =
  | { readonly accepted: true; readonly caller: Caller<S> }
  | { readonly accepted: false; readonly refusal: Refusal }

/** How a token has been used. */
export interface TokenUsage {
  /** `null`: not since `since`. */
  readonly lastUsedAt: Date | null
  /** When anything minted with it was last used. */
  readonly lineageUsedAt: Date | null
  /** How many requests it was accepted for, not counting those of its descendants. */
  readonly count: number
  /** When the record starts. */
  readonly since: Date
  /** Each scope that an accepted request required, from the token or anything minted with it, and when it last did. */
  readonly scopes: ReadonlyArray<{ readonly scope: string; readonly lastUsedAt: Date }>
  /** Scopes the token grants, implied ones included, that no request has needed since then. */
  readonly unusedScopes: ReadonlyArray<string>
  /** The scopes to narrow it to without breaking anything that ran since then. */
  readonly narrowableTo: ReadonlyArray<string>
  /** Newest first, without unused secrets. `reuses`: how often a secret was presented after it was retired. */
  readonly secrets: ReadonlyArray<{
    readonly generation: number
    readonly count: number
    readonly lastUsedAt: Date | null
    readonly reuses: number
    readonly lastReusedAt: Date | null
  }>
}

/** One change of one token. Nothing in it is secret. */
export interface AuditEventDetails {
  readonly tokenId: string
  readonly ownedBy: string
  /** The token's current name. */
  readonly name: string
  readonly kind: ChangeKind
  readonly at: Date
  readonly actor: Actor
  readonly origin: Origin
  readonly detail: string | null
}

export const callerOf: MakeCaller<Caller> = ({ token, secret }, ancestors, scopes, narrowedBy, expiry) => ({
  tokenId: token.id,
  generation: secret.generation,
  ownedBy: token.ownedBy,
  ancestors,
  scopes,
  narrowedBy,
  expiresAt: expiry === Infinity ? null : new Date(expiry),
  boundTo: Option.getOrNull(token.boundTo),
})

/** A deep copy, so changing it has no effect on the store. */
export const detailsOf = (token: ApiToken): TokenDetails => ({
  id: token.id,
  ownedBy: token.ownedBy,
  name: token.name,
  scopes: [...token.scopes],
  createdAt: new Date(token.createdAt.epochMilliseconds),
  expiresAt: dateOf(token.expiresAt),
  revokedAt: dateOf(Option.map(token.revocation, ({ at }) => at)),
  revocationReason: Option.getOrNull(Option.map(token.revocation, ({ reason }) => reason)),
  ancestors: [...token.ancestors],
  issuedTo: Option.getOrNull(token.issuedTo),
  boundTo: Option.getOrNull(token.boundTo),
  secrets: token.secrets.map(({ generation, hint, state }) => ({
    generation,
    hint,
    state: stateNames[state._tag],
    graceEnds: state._tag === "Retiring" ? new Date(state.until.epochMilliseconds) : null,
  })),
  history: token.history.map(changeDetailsOf),
  revision: token.revision,
  hint: token.secrets[0].hint,
})

const changeDetailsOf = ({ kind, at, actor, origin, detail }: Change) => ({
  kind,
  at: new Date(at.epochMilliseconds),
  actor: { ...actor },
  origin: { ...origin },
  detail: Option.getOrNull(detail),
})

export const auditEventOf = (event: AuditEvent): AuditEventDetails => ({
  tokenId: event.tokenId,
  ownedBy: event.ownedBy,
  name: event.name,
  ...changeDetailsOf(event),
})

/** The token fields that usage is computed from. */
export const usedTokenOf = (token: TokenDetails, index: number) => {
  if (!(token?.createdAt instanceof Date && !Number.isNaN(token.createdAt.getTime()))) {
    throw notAToken(index)
  }
  const { id, createdAt, scopes } = token
  return { id: id as TokenId, createdAt: DateTime.fromDateUnsafe(createdAt), scopes: scopes as ReadonlyArray<Scope> }
}

/** The token fields that decide whether it is accepted. */
export const verifiableTokenOf = (token: TokenDetails, index: number): VerifiableToken => {
  if (![token?.expiresAt, token?.revokedAt].every(isDateOrNull)) throw notAToken(index)
  return {
    id: token.id as TokenId,
    ownedBy: token.ownedBy as OwnerId,
    scopes: token.scopes as ReadonlyArray<Scope>,
    expiresAt: instantOf(token.expiresAt),
    revocation: Option.map(instantOf(token.revokedAt), (at) => ({ at, reason: token.revocationReason ?? "" })),
    ancestors: token.ancestors as ReadonlyArray<TokenId>,
    boundTo: Option.fromNullOr(token.boundTo as KeyBinding | null),
  }
}

const isDateOrNull = (value: unknown): boolean =>
  value === null || (value instanceof Date && !Number.isNaN(value.getTime()))

const instantOf = (date: Date | null): Option.Option<DateTime.Utc> =>
  Option.map(Option.fromNullOr(date), DateTime.fromDateUnsafe)

const notAToken = (index: number) =>
  new InvalidInput({ issues: [{ path: [String(index)], message: "must be a token" }] })

export const usageDetailsOf = (usage: EffectTokenUsage): TokenUsage => ({
  lastUsedAt: dateOf(usage.lastUsedAt),
  lineageUsedAt: dateOf(usage.lineageUsedAt),
  count: usage.count,
  since: new Date(usage.since.epochMilliseconds),
  scopes: [...usage.scopes].map(([scope, at]) => ({ scope, lastUsedAt: new Date(at.epochMilliseconds) })),
  unusedScopes: usage.unusedScopes,
  narrowableTo: usage.narrowableTo,
  secrets: usage.secrets.map(({ generation, count, lastUsedAt, reuses, lastReusedAt }) => ({
    generation,
    count,
    lastUsedAt: dateOf(lastUsedAt),
    reuses,
    lastReusedAt: dateOf(lastReusedAt),
  })),
})

const stateNames = { Active: "active", Retiring: "retiring", Retired: "retired" } as const

const dateOf = (instant: Option.Option<DateTime.Utc>): Date | null =>
  Option.isSome(instant) ? new Date(instant.value.epochMilliseconds) : null
