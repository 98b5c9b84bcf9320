/** The use cases for people who do not use Effect: promises, dates and plain objects, under the same words. */
import { Clock, Context, Effect, Layer, ManagedRuntime, Option, Stream } from "effect"
import {
  type ApiTokensOptions,
  apiTokensOptionRules,
  type AuthorizableCaller,
  type Authorization,
  misplacedOptions,
  openApiTokens,
  type Requirement,
} from "./ApiTokens.ts"
import { backgroundClock } from "./node/backgroundClock.ts"
import { InvalidInput } from "./errors.ts"
import { NodeCrypto } from "./node/NodeCrypto.ts"
import type { ApiTokenRepository } from "./ports/ApiTokenRepository.ts"
import { AuditSink } from "./ports/AuditSink.ts"
import { type OwnerAuthority, OwnerDirectory } from "./ports/OwnerDirectory.ts"
import {
  type AuditEventDetails,
  auditEventOf,
  detailsOf,
  type TokenDetails,
  type TokenUsage,
  usageDetailsOf,
  usedTokenOf,
  verifiableTokenOf,
  type Verification,
  verificationOf,
} from "./promiseValues.ts"
import type { RepositoryUnavailable } from "./errors.ts"
import type * as Request from "./use-cases/requests.ts"
import type { ApiToken } from "./token/ApiToken.ts"
import type { Caller as EffectCaller } from "./token/Caller.ts"
import type { Instant } from "./token/Instant.ts"
import { checkOptions, isFunction, type OptionRules } from "./token/OptionRules.ts"
import type { Refusal } from "./token/Refusal.ts"
import type { ScopeCatalogue } from "./token/ScopeCatalogue.ts"
import type { EffectiveState } from "./verifying/effectiveState.ts"
import { isVerdict, type Verdict } from "./verifying/verifying.ts"

export type { AuthorizableCaller, Authorization } from "./ApiTokens.ts"
export type { EffectiveState } from "./verifying/effectiveState.ts"
export type { AuditEventDetails, Caller, TokenDetails, TokenUsage, Verification } from "./promiseValues.ts"

export interface CreateOptions<E, S extends string = string> extends ApiTokensOptions<S> {
  /** `MemoryRepository.layer`, or an adapter's. It is opened now and closed by `close`. */
  readonly repository: Layer.Layer<ApiTokenRepository, E>
  /**
   * What an owner may do now; asked at every verify of a live token and at every issue. Without it every owner is
   * active and may do everything. What it throws counts as an outage.
   */
  readonly owners?: (ownedBy: string) => OwnerAuthority | Promise<OwnerAuthority>
  /** Is told of every change, at least once: again if it throws or rejects, or the process dies in between. */
  readonly audit?: (events: ReadonlyArray<AuditEventDetails>) => void | Promise<void>
}

/**
 * The use cases; `S` are the names of the declared scopes. Each method but `verify`, `inspect` and `authorize` rejects with
 * the errors of `ApiTokens`' method of the same name: instances of `Error` whose `_tag` is an `ErrorCode`.
 *
 * Code that doesn't care which scopes there are takes a plain `PromiseApiTokens`: the methods that take scopes are declared
 * so that any other is assignable to it. A scope that is not declared is then an error at run time.
 */
export interface PromiseApiTokens<S extends string = string> {
  /** The declared scopes. */
  readonly catalogue: ScopeCatalogue<S>
  /** Makes a token for an owner. `plaintext` is what the client sends; it can't be had again. */
  issue(
    this: void,
    request: Request.IssueRequest<S>,
  ): Promise<{ readonly plaintext: string; readonly token: TokenDetails }>
  /** Never rejects for a refusal, only with `RepositoryUnavailable`, and with `InvalidInput` for a wrong requirement. */
  verify(this: void, presented: unknown, requirement?: Requirement<S>): Promise<Verification<S>>
  /**
   * Whether a verified caller may do what needs these scopes, and if not, which are missing on whose side. Synchronous;
   * records the use of the scopes. Don't keep callers beyond the request.
   *
   * @throws InvalidInput if the caller isn't one that `verify` returned, or a scope is not declared.
   */
  authorize(this: void, caller: AuthorizableCaller, scopes: ReadonlyArray<S>): Authorization
  /** Looks up somebody else's token, as `verify` does but without side effects: it doesn't count as a use. */
  readonly inspect: (presented: unknown) => Promise<Verification<S>>
  readonly find: (request: Request.FindRequest) => Promise<TokenDetails>
  /** The newest first. `nextCursor` is `null` on the last page. */
  readonly list: (
    request: Request.ListRequest,
  ) => Promise<{ readonly items: ReadonlyArray<TokenDetails>; readonly nextCursor: string | null }>
  /** Renames the token, takes scopes away, or brings its expiry forward, in one write. */
  edit(this: void, request: Request.EditRequest<S>): Promise<TokenDetails>
  /** A new secret, and perhaps a new expiry; the secret that it had is accepted until its grace ends. */
  readonly rotate: (
    request: Request.RotateRequest,
  ) => Promise<{ readonly plaintext: string; readonly token: TokenDetails }>
  /** Ends the grace of all secrets that were replaced, now; idempotent. */
  readonly endGrace: (request: Request.EndGraceRequest) => Promise<TokenDetails>
  /** Ends a token at once and for good; idempotent. */
  readonly revoke: (request: Request.RevokeRequest) => Promise<TokenDetails>
  /** How many tokens were not revoked yet; the same for the next two. */
  readonly revokeOwnedBy: (request: Request.RevokeOwnedByRequest) => Promise<number>
  readonly revokeIssuedTo: (request: Request.RevokeIssuedToRequest) => Promise<number>
  readonly revokeAllIssuedTo: (request: Request.RevokeAllIssuedToRequest) => Promise<number>
  /** How each of these tokens has been used, in their order. `null`: uses are not recorded. */
  readonly usageOf: (tokens: ReadonlyArray<TokenDetails>) => Promise<ReadonlyArray<TokenUsage> | null>
  /** Whether each of these tokens is accepted now, what it may do and why not more, in their order. */
  readonly effectiveStatesOf: (tokens: ReadonlyArray<TokenDetails>) => Promise<ReadonlyArray<EffectiveState>>
  /** Removes what has been dead for so long; says how many. */
  readonly purge: (request: Request.PurgeRequest) => Promise<number>
  /** Revokes what has not been used for so long; says how many. */
  readonly revokeUnused: (request: Request.RevokeUnusedRequest) => Promise<number>
  /** What expires within so long, the soonest first, read in batches while it is iterated over. */
  readonly expiringWithin: (request: Request.ExpiringRequest) => AsyncIterable<TokenDetails>
  /**
   * Call it after an owner's rights have changed, so that no cache uses the old ones: here at once, and in other
   * processes where the store reports changes. Rejects with `RepositoryUnavailable` if those could not be informed.
   */
  readonly ownerChanged: (ownedBy: string) => Promise<void>
  /** Writes down the uses that have gathered here. */
  readonly flush: () => Promise<void>
  /** Writes what is to be written still, and closes the store. Idempotent; nothing else can be called afterwards. */
  readonly close: () => Promise<void>
}

/**
 * Opens the store and returns the use cases.
 *
 *     const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
 *
 * Rejects with a `TypeError` that names the option if one is unknown, missing or not valid; with the adapter's error if the
 * store can't be opened; with `MissingKeys` if the key ring lacks a key that stored tokens need.
 */
export const createApiTokens = async <E, S extends string>(
  options: CreateOptions<E, S>,
): Promise<PromiseApiTokens<S>> => {
  checkOptions("createApiTokens", options, createOptionRules, {
    required: ["repository", "catalogue"],
    misplaced: misplacedOptions,
  })
  const { repository, owners, audit, ...rest } = options
  const directory = owners === undefined ? Layer.empty : OwnerDirectory.layerFrom(owners)
  const sink = audit === undefined ? Layer.empty : AuditSink.layerFrom((events) => audit(events.map(auditEventOf)))
  const runtime = ManagedRuntime.make(
    // The use cases themselves are the same for all catalogues; `S` is what callers may write.
    Layer.effect(Opened, openApiTokens(rest as unknown as ApiTokensOptions)).pipe(
      Layer.provide([repository, NodeCrypto.layer, directory, sink, Layer.succeed(Clock.Clock, backgroundClock)]),
    ),
  )
  const { tokens, verifyAt } = await runtime.runPromise(Opened)
  let isClosed = false
  const assertOpen = () => {
    if (isClosed) throw new Error("The token store is closed")
  }
  const run = async <A>(effect: Effect.Effect<A, unknown>): Promise<A> => {
    assertOpen()
    return Effect.runPromise(effect)
  }
  const describing = async (effect: Effect.Effect<ApiToken, unknown>) => detailsOf(await run(effect))

  const api: PromiseApiTokens = {
    catalogue: tokens.catalogue,
    authorize: (caller, scopes) => {
      assertOpen()
      return tokens.authorize(caller, scopes)
    },
    issue: async (request) => {
      const { plaintext, token } = await run(tokens.issue(request))
      return { plaintext, token: detailsOf(token) }
    },
    verify: async (presented, requirement) => {
      assertOpen()
      const deciding = verifyAt(presented, requirement, systemClock)
      return verificationOf(isVerdict(deciding) ? deciding : await Effect.runPromise(deciding))
    },
    inspect: async (presented) => verificationOf(await run(verdictOf(tokens.inspect(presented)))),
    find: (request) => describing(tokens.find(request)),
    list: async (request) => {
      const { items, nextCursor } = await run(tokens.list(request))
      return { items: items.map(detailsOf), nextCursor: Option.getOrNull(nextCursor) }
    },
    edit: (request) => describing(tokens.edit(request)),
    revoke: (request) => describing(tokens.revoke(request)),
    rotate: async (request) => {
      const { plaintext, token } = await run(tokens.rotate(request))
      return { plaintext, token: detailsOf(token) }
    },
    endGrace: (request) => describing(tokens.endGrace(request)),
    revokeOwnedBy: (request) => run(tokens.revokeOwnedBy(request)),
    revokeIssuedTo: (request) => run(tokens.revokeIssuedTo(request)),
    revokeAllIssuedTo: (request) => run(tokens.revokeAllIssuedTo(request)),
    usageOf: async (details) => {
      const usages = await run(tokens.usageOf(listOf(details).map(usedTokenOf)))
      return Option.getOrNull(Option.map(usages, (usages) => usages.map(usageDetailsOf)))
    },
    effectiveStatesOf: async (details) => run(tokens.effectiveStatesOf(listOf(details).map(verifiableTokenOf))),
    purge: (request) => run(tokens.purge(request)),
    revokeUnused: (request) => run(tokens.revokeUnused(request)),
    expiringWithin: async function* (request) {
      assertOpen()
      yield* Stream.toAsyncIterable(Stream.map(tokens.expiringWithin(request), detailsOf))
    },
    ownerChanged: (ownedBy) => run(tokens.ownerChanged(ownedBy)),
    flush: () => run(tokens.flush),
    close: async () => {
      isClosed = true
      await runtime.dispose()
    },
  }
  return api as unknown as PromiseApiTokens<S>
}

class Opened extends Context.Service<Opened, Effect.Success<ReturnType<typeof openApiTokens>>>()(
  "@tokenry/core/promise/Opened",
) {}

const createOptionRules: OptionRules<CreateOptions<unknown>> = {
  ...apiTokensOptionRules,
  repository: [Layer.isLayer, "write repository: MemoryRepository.layer, or an adapter's layer"],
  owners: [isFunction, 'write owners: async (ownedBy) => ({ active: true, scopes: "all" })'],
  audit: [isFunction, "write audit: async (events) => { … }"],
}

const listOf = (details: ReadonlyArray<TokenDetails>): ReadonlyArray<TokenDetails> => {
  if (!Array.isArray(details)) throw new InvalidInput({ issues: [{ path: [], message: "must be a list of tokens" }] })
  return details
}

/** A refusal as a value; an outage stays what it is. */
const verdictOf = (deciding: Effect.Effect<EffectCaller, Refusal | RepositoryUnavailable>) =>
  Effect.matchEffect(deciding, {
    onSuccess: (caller): Effect.Effect<Verdict> => Effect.succeed({ accepted: true, caller }),
    onFailure: (error): Effect.Effect<Verdict, RepositoryUnavailable> =>
      error._tag === "RepositoryUnavailable" ? Effect.fail(error) : Effect.succeed({ accepted: false, refusal: error }),
  })

/** The present, read when it is needed: a malformed token is refused without. */
const systemClock: Instant = {
  get epochMilliseconds() {
    return Date.now()
  },
}
