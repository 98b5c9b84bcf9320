/** Tokens, callers and uses for people who do not use Effect: plain objects with dates and `null`. */
import { DateTime, Option } from "effect"
import { InvalidInput } from "./errors.ts"
import type { AuditEvent } from "./ports/AuditSink.ts"
import type { ApiToken, VerifiableToken } from "./token/ApiToken.ts"
import type { Actor, Origin } from "./token/Attribution.ts"
import type { Caller as EffectCaller } from "./token/Caller.ts"
import type { Change, ChangeKind } from "./token/Change.ts"
import type { OwnerId } from "./token/OwnerId.ts"
import type { Refusal } from "./token/Refusal.ts"
import type { Scope } from "./token/Scope.ts"
import type { TokenId } from "./token/TokenId.ts"
import type { TokenUsage as EffectTokenUsage } from "./token/TokenUsage.ts"
import type { Verdict } from "./verifying/verifying.ts"

/** A token as everybody but the store sees it: nothing in it is secret. */
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
  /** The newest first. `retiring` ones are accepted until their grace ends, or the token's expiry if that is sooner. */
  readonly secrets: ReadonlyArray<{
    readonly generation: number
    /** The prefix and the last four characters, to compare with what is in a secret manager: `tcp_…7T0m`. */
    readonly hint: string
    readonly state: "active" | "retiring" | "retired"
    /** When its grace ends, of a secret that is `retiring`. */
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

export interface Caller {
  readonly tokenId: string
  readonly generation: number
  readonly ownedBy: string
  /** The tokens by means of which this one was minted, the outermost first. */
  readonly ancestors: ReadonlyArray<string>
  /** What the token, its ancestors and its owner have in common now, with all that is implied. */
  readonly scopes: ReadonlyArray<string>
  /** `null`: never. */
  readonly expiresAt: Date | null
}

export type Verification =
  | { readonly accepted: true; readonly caller: Caller }
  | { readonly accepted: false; readonly refusal: Refusal }

/** How a token has been used. */
export interface TokenUsage {
  /** `null`: not since `since`. */
  readonly lastUsedAt: Date | null
  /** When what was minted by means of it was last used. */
  readonly lineageUsedAt: Date | null
  /** How many requests it was accepted for itself. */
  readonly count: number
  /** From when on the record is complete. */
  readonly since: Date
  /** Each scope that a request required for which it, or what was minted by means of it, was accepted, and when last. */
  readonly scopes: ReadonlyArray<{ readonly scope: string; readonly lastUsedAt: Date }>
  /** What the token grants, implied scopes too, and no request has needed since then. */
  readonly unusedScopes: ReadonlyArray<string>
  /** What to narrow it to so that everything which ran since then still runs. */
  readonly narrowableTo: ReadonlyArray<string>
  /** The newest first; secrets that were never used are not among them. `reuses`: how often it came back once retired. */
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
  /** What the token is called now. */
  readonly name: string
  readonly kind: ChangeKind
  readonly at: Date
  readonly actor: Actor
  readonly origin: Origin
  readonly detail: string | null
}

export const verificationOf = (verdict: Verdict): Verification =>
  verdict.accepted ? { accepted: true, caller: callerOf(verdict.caller) } : verdict

const callerOf = ({ tokenId, generation, ownedBy, ancestors, scopes, expiresAt }: EffectCaller): Caller => ({
  tokenId,
  generation,
  ownedBy,
  ancestors,
  scopes,
  expiresAt: dateOf(expiresAt),
})

/** A copy throughout: who changes it changes nothing in the store. */
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

/** What has to be known of a token to tell how it was used. */
export const usedTokenOf = (token: TokenDetails, index: number) => {
  if (!(token?.createdAt instanceof Date && !Number.isNaN(token.createdAt.getTime()))) {
    throw notAToken(index)
  }
  const { id, createdAt, scopes } = token
  return { id: id as TokenId, createdAt: DateTime.fromDateUnsafe(createdAt), scopes: scopes as ReadonlyArray<Scope> }
}

/** What has to be known of a token to say whether it is accepted. */
export const verifiableTokenOf = (token: TokenDetails, index: number): VerifiableToken => {
  if (![token?.expiresAt, token?.revokedAt].every(isDateOrNull)) throw notAToken(index)
  return {
    id: token.id as TokenId,
    ownedBy: token.ownedBy as OwnerId,
    scopes: token.scopes as ReadonlyArray<Scope>,
    expiresAt: instantOf(token.expiresAt),
    revocation: Option.map(instantOf(token.revokedAt), (at) => ({ at, reason: token.revocationReason ?? "" })),
    ancestors: token.ancestors as ReadonlyArray<TokenId>,
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
