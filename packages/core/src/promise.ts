/** The use cases for people who do not use Effect: promises, dates and plain objects, under the same words. */
import { type DateTime, Effect, Layer, ManagedRuntime, Option } from "effect"
import { ApiTokens, type ApiTokensOptions, type Requirement } from "./ApiTokens.ts"
import { NodeCrypto } from "./node/NodeCrypto.ts"
import type { ApiTokenRepository } from "./ports/ApiTokenRepository.ts"
import { type OwnerAuthority, OwnerDirectory } from "./ports/OwnerDirectory.ts"
import type * as Request from "./requests.ts"
import type { ApiToken } from "./token/ApiToken.ts"
import type { Actor, Origin } from "./token/Attribution.ts"
import type { Caller as EffectCaller } from "./token/Caller.ts"
import type { ChangeKind } from "./token/Change.ts"
import type { Instant } from "./token/Instant.ts"
import type { Refusal } from "./token/Refusal.ts"
import { isVerdict, type Verdict } from "./verifying.ts"

export interface OpenOptions<E> extends ApiTokensOptions {
  /** `MemoryRepository.layer`, or an adapter's. It is opened now and closed by `close`. */
  readonly repository: Layer.Layer<ApiTokenRepository, E>
  /**
   * What an owner may do now; asked at every verify of a live token and at every issue. Without it every owner is
   * active and may do everything. What it throws counts as an outage.
   */
  readonly owners?: (ownedBy: string) => OwnerAuthority | Promise<OwnerAuthority>
}

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
  readonly revokedBecause: string | null
  readonly ancestors: ReadonlyArray<string>
  readonly issuedTo: string | null
  readonly secrets: ReadonlyArray<{ readonly generation: number; readonly state: "active" | "retiring" | "retired" }>
  /** The last 50 changes, the oldest first. */
  readonly history: ReadonlyArray<{
    readonly kind: ChangeKind
    readonly at: Date
    readonly actor: Actor
    readonly origin: Origin
    readonly detail: string | null
  }>
  readonly revision: number
}

export interface Caller {
  readonly tokenId: string
  readonly generation: number
  readonly ownedBy: string
  /** What the token, its ancestors and its owner have in common now, with all that is implied. */
  readonly scopes: ReadonlyArray<string>
  /** `null`: never. */
  readonly expiresAt: Date | null
}

export type Verification =
  | { readonly accepted: true; readonly caller: Caller }
  | { readonly accepted: false; readonly refusal: Refusal }

/**
 * Each method but `verify` rejects with the errors of `ApiTokens`' method of the same name, which are instances of
 * `Error` with a `_tag`: `InvalidInput`, `PolicyViolation`, `ScopeNotHeld`, `InactiveOwner`, `TokenNotFound`,
 * `TokenNotLive`, `RevisionConflict`, `RepositoryUnavailable`.
 */
export interface PromiseApiTokens {
  /** Makes a token for an owner. `plaintext` is what the client sends; it can't be had again. */
  readonly issue: (
    request: Request.IssueRequest,
  ) => Promise<{ readonly plaintext: string; readonly token: TokenDetails }>
  /** Never rejects for a refusal, only with `RepositoryUnavailable`, and with `InvalidInput` for a wrong requirement. */
  readonly verify: (presented: unknown, requirement?: Requirement) => Promise<Verification>
  readonly find: (request: Request.FindRequest) => Promise<TokenDetails>
  /** The newest first. `nextCursor` is `null` on the last page. */
  readonly list: (
    request: Request.ListRequest,
  ) => Promise<{ readonly items: ReadonlyArray<TokenDetails>; readonly nextCursor: string | null }>
  readonly rename: (request: Request.RenameRequest) => Promise<TokenDetails>
  readonly narrow: (request: Request.NarrowRequest) => Promise<TokenDetails>
  readonly shorten: (request: Request.ShortenRequest) => Promise<TokenDetails>
  /** Renames, narrows and shortens in one write. */
  readonly edit: (request: Request.EditRequest) => Promise<TokenDetails>
  /** Ends a token at once and for good; idempotent. */
  readonly revoke: (request: Request.RevokeRequest) => Promise<TokenDetails>
  readonly revokeOwnedBy: (request: Request.RevokeOwnedByRequest) => Promise<number>
  /** Closes the store. Idempotent; nothing else can be called afterwards. */
  readonly close: () => Promise<void>
}

/**
 * Opens the store and gives the use cases. Rejects with the adapter's error if the store can't be opened.
 *
 *     const tokens = await openApiTokens({ repository: MemoryRepository.layer, scopes })
 */
export const openApiTokens = async <E>({
  repository,
  owners,
  ...options
}: OpenOptions<E>): Promise<PromiseApiTokens> => {
  const directory = owners === undefined ? Layer.empty : OwnerDirectory.layerFrom(owners)
  const runtime = ManagedRuntime.make(
    ApiTokens.layer(options).pipe(Layer.provide([repository, NodeCrypto.layer, directory])),
  )
  const tokens = await runtime.runPromise(ApiTokens)
  let isClosed = false
  const run = async <A>(effect: Effect.Effect<A, unknown>): Promise<A> => {
    if (isClosed) throw new Error("The token store is closed")
    return Effect.runPromise(effect)
  }
  const describing = async (effect: Effect.Effect<ApiToken, unknown>) => detailsOf(await run(effect))

  return {
    issue: async (request) => {
      const { plaintext, token } = await run(tokens.issue(request))
      return { plaintext, token: detailsOf(token) }
    },
    verify: async (presented, requirement) => {
      if (isClosed) throw new Error("The token store is closed")
      const deciding = tokens.verifyAt(presented, requirement, systemClock)
      return verificationOf(isVerdict(deciding) ? deciding : await Effect.runPromise(deciding))
    },
    find: (request) => describing(tokens.find(request)),
    list: async (request) => {
      const { items, nextCursor } = await run(tokens.list(request))
      return { items: items.map(detailsOf), nextCursor: Option.getOrNull(nextCursor) }
    },
    rename: (request) => describing(tokens.rename(request)),
    narrow: (request) => describing(tokens.narrow(request)),
    shorten: (request) => describing(tokens.shorten(request)),
    edit: (request) => describing(tokens.edit(request)),
    revoke: (request) => describing(tokens.revoke(request)),
    revokeOwnedBy: (request) => run(tokens.revokeOwnedBy(request)),
    close: async () => {
      isClosed = true
      await runtime.dispose()
    },
  }
}

/** The present, read when it is needed: a malformed token is refused without. */
const systemClock: Instant = {
  get epochMilliseconds() {
    return Date.now()
  },
}

const verificationOf = (verdict: Verdict): Verification =>
  verdict.accepted ? { accepted: true, caller: callerOf(verdict.caller) } : verdict

const callerOf = ({ tokenId, generation, ownedBy, scopes, expiresAt }: EffectCaller): Caller => ({
  tokenId,
  generation,
  ownedBy,
  scopes,
  expiresAt: dateOf(expiresAt),
})

/** A copy throughout: who changes it changes nothing in the store. */
const detailsOf = (token: ApiToken): TokenDetails => ({
  id: token.id,
  ownedBy: token.ownedBy,
  name: token.name,
  scopes: [...token.scopes],
  createdAt: new Date(token.createdAt.epochMilliseconds),
  expiresAt: dateOf(token.expiresAt),
  revokedAt: dateOf(Option.map(token.revocation, ({ at }) => at)),
  revokedBecause: Option.getOrNull(Option.map(token.revocation, ({ reason }) => reason)),
  ancestors: [...token.ancestors],
  issuedTo: Option.getOrNull(token.issuedTo),
  secrets: token.secrets.map(({ generation, state }) => ({ generation, state: stateNames[state._tag] })),
  history: token.history.map(({ kind, at, actor, origin, detail }) => ({
    kind,
    at: new Date(at.epochMilliseconds),
    actor: { ...actor },
    origin: { ...origin },
    detail: Option.getOrNull(detail),
  })),
  revision: token.revision,
})

const stateNames = { Active: "active", Retiring: "retiring", Retired: "retired" } as const

const dateOf = (instant: Option.Option<DateTime.Utc>): Date | null =>
  Option.isSome(instant) ? new Date(instant.value.epochMilliseconds) : null
