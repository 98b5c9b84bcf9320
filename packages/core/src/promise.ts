/** The use cases without Effect: promises, dates and plain objects, under the same names. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as References from "effect/References"
import {
  type ApiTokensOptions,
  apiTokensOptionRules,
  type AuthorizableCaller,
  type Authorization,
  misplacedOptions,
  assembleApiTokens,
  type Opened,
  type Requirement,
} from "./ApiTokens.ts"
import { backgroundClock } from "./node/backgroundClock.ts"
import { InvalidInput } from "./errors.ts"
import { NodeCrypto } from "./node/NodeCrypto.ts"
import type { ApiTokenRepository } from "./ports/ApiTokenRepository.ts"
import { streamModule } from "./ports/lazily.ts"
import { AuditSink } from "./ports/AuditSink.ts"
import { type OwnerAuthority, OwnerDirectory } from "./ports/OwnerDirectory.ts"
import {
  type AuditEventDetails,
  auditEventOf,
  type Caller,
  callerOf,
  detailsOf,
  type TokenDetails,
  type TokenUsage,
  usageDetailsOf,
  usedTokenOf,
  verifiableTokenOf,
  type Verification,
} from "./promiseValues.ts"
import type { Issued } from "./use-cases/issuing.ts"
import type * as Request from "./use-cases/requests.ts"
import type { ApiToken } from "./token/ApiToken.ts"
import type { Instant } from "./token/Instant.ts"
import { checkOptions, isFunction, type OptionRules } from "./token/OptionRules.ts"
import type { ScopeCatalogue } from "./token/ScopeCatalogue.ts"
import type { EffectiveState } from "./verifying/effectiveState.ts"
import { isVerdict } from "./verifying/verifying.ts"

export type { AuthorizableCaller, Authorization } from "./ApiTokens.ts"
export type { EffectiveState } from "./verifying/effectiveState.ts"
export type { AuditEventDetails, Caller, TokenDetails, TokenUsage, Verification } from "./promiseValues.ts"

export interface CreateOptions<E, S extends string = string> extends ApiTokensOptions<S> {
  /** `MemoryRepository.layer`, or an adapter's layer. Opened by `createApiTokens` and closed by `close`. */
  readonly repository: Layer.Layer<ApiTokenRepository, E>
  /**
   * Returns what an owner may do now. Called for every verify of a live token and every issue. Default: every owner is
   * active and may do everything. If it throws, the use case fails as during an outage.
   */
  readonly owners?: (ownedBy: string) => OwnerAuthority | Promise<OwnerAuthority>
  /** Receives every change at least once. Called again if it throws or rejects, or if the process dies in between. */
  readonly audit?: (events: ReadonlyArray<AuditEventDetails>) => void | Promise<void>
}

/**
 * The use cases. `S` is the union of the declared scope names. Every method except `verify`, `inspect` and `authorize`
 * rejects with the errors of the `ApiTokens` method with the same name: instances of `Error` whose `_tag` is an
 * `ErrorCode`.
 *
 * Code that works with any scopes takes a plain `PromiseApiTokens`, to which every other is assignable. An undeclared
 * scope is then a run-time error.
 */
export interface PromiseApiTokens<S extends string = string> {
  /** The declared scopes. */
  readonly catalogue: ScopeCatalogue<S>
  /** Issues a token for an owner. `plaintext` is what the client sends; you can't get it again. */
  issue(
    this: void,
    request: Request.IssueRequest<S>,
  ): Promise<{ readonly plaintext: string; readonly token: TokenDetails }>
  /**
   * Resolves to a refusal rather than rejecting. Rejects with `RepositoryUnavailable`, or `InvalidInput` for an invalid
   * requirement.
   */
  verify(this: void, presented: unknown, requirement?: Requirement<S>): Promise<Verification<S>>
  /**
   * Whether a verified caller has these scopes, and if not, which are missing and who lacks them. Synchronous. Records
   * the use of the scopes. Don't keep callers beyond the request.
   *
   * @throws InvalidInput if the caller isn't one that `verify` returned, or a scope is not declared.
   */
  authorize(this: void, caller: AuthorizableCaller, scopes: ReadonlyArray<S>): Authorization
  /** Looks up someone else's token without side effects: unlike `verify`, it doesn't count as a use. */
  readonly inspect: (presented: unknown) => Promise<Verification<S>>
  readonly find: (request: Request.FindRequest) => Promise<TokenDetails>
  /** Newest first. `nextCursor` is `null` on the last page. */
  readonly list: (
    request: Request.ListRequest,
  ) => Promise<{ readonly items: ReadonlyArray<TokenDetails>; readonly nextCursor: string | null }>
  /** Renames the token, removes scopes or brings its expiry forward, in one write. */
  edit(this: void, request: Request.EditRequest<S>): Promise<TokenDetails>
  /**
   * Gives the token a new secret and, if requested, a new expiry. The previous secret stays valid for its grace period.
   */
  readonly rotate: (
    request: Request.RotateRequest,
  ) => Promise<{ readonly plaintext: string; readonly token: TokenDetails }>
  /** Ends the grace period of every replaced secret now. Idempotent. */
  readonly endGrace: (request: Request.EndGraceRequest) => Promise<TokenDetails>
  /** Revokes a token, immediately and permanently. Idempotent. */
  readonly revoke: (request: Request.RevokeRequest) => Promise<TokenDetails>
  /** Returns how many tokens were newly revoked, as do the next two. */
  readonly revokeOwnedBy: (request: Request.RevokeOwnedByRequest) => Promise<number>
  readonly revokeIssuedTo: (request: Request.RevokeIssuedToRequest) => Promise<number>
  readonly revokeAllIssuedTo: (request: Request.RevokeAllIssuedToRequest) => Promise<number>
  /** How each token has been used, in order. `null` if uses are not recorded. */
  readonly usageOf: (tokens: ReadonlyArray<TokenDetails>) => Promise<ReadonlyArray<TokenUsage> | null>
  /** For each token, in order, whether it is accepted now and which scopes it has or lost. */
  readonly effectiveStatesOf: (tokens: ReadonlyArray<TokenDetails>) => Promise<ReadonlyArray<EffectiveState>>
  /** Deletes tokens that have been dead for this long. Returns how many. */
  readonly purge: (request: Request.PurgeRequest) => Promise<number>
  /** Revokes tokens that have been unused for this long. Returns how many. */
  readonly revokeUnused: (request: Request.RevokeUnusedRequest) => Promise<number>
  /** Tokens that expire within this time, soonest first. Read in batches as you iterate. */
  readonly expiringWithin: (request: Request.ExpiringRequest) => AsyncIterable<TokenDetails>
  /**
   * Call it after an owner's rights change, so that no cache uses the old ones. Takes effect here at once, and in other
   * processes if the store reports changes. Rejects with `RepositoryUnavailable` if they couldn't be notified.
   */
  readonly ownerChanged: (ownedBy: string) => Promise<void>
  /** Writes the uses gathered in this process. */
  readonly flush: () => Promise<void>
  /** Writes everything still pending and closes the store. Idempotent. No other method works afterwards. */
  readonly close: () => Promise<void>
}

/**
 * Opens the store and returns the use cases.
 *
 *     const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
 *
 * Rejects with a `TypeError` that names the option if one is unknown, missing or invalid; with the adapter's error if
 * the store can't be opened; with `MissingKeys` if the key ring lacks a key that stored tokens need.
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
    // The use cases are the same for every catalogue; `S` only types the caller's scopes.
    Layer.effect(UseCases, assembleApiTokens(rest as unknown as ApiTokensOptions, callerOf)).pipe(
      Layer.provide([repository, NodeCrypto.layer, directory, sink, Layer.succeed(Clock.Clock, backgroundClock)]),
    ),
  )
  const { tokens, verifyAt, inspectAt } = await runtime.runPromise(UseCases)
  let isClosed = false
  const assertOpen = () => {
    if (isClosed) throw new Error("The token store is closed")
  }
  const run = <A>(effect: Effect.Effect<A, unknown>): A | Promise<A> => {
    assertOpen()
    return runUntraced(effect)
  }
  const describing = async (effect: Effect.Effect<ApiToken, unknown>) => run(Effect.map(effect, detailsOf))
  const handingOver = async (effect: Effect.Effect<Issued, unknown>) =>
    run(Effect.map(effect, ({ plaintext, token }) => ({ plaintext, token: detailsOf(token) })))

  const api: PromiseApiTokens = {
    catalogue: tokens.catalogue,
    authorize: (caller, scopes) => {
      assertOpen()
      return tokens.authorize(caller, scopes)
    },
    issue: (request) => handingOver(tokens.issue(request)),
    verify: async (presented, requirement) => {
      assertOpen()
      const deciding = verifyAt(presented, requirement, systemClock)
      return isVerdict(deciding) ? deciding : runUntraced(deciding)
    },
    inspect: async (presented) => {
      assertOpen()
      const deciding = inspectAt(presented, systemClock)
      return isVerdict(deciding) ? deciding : runUntraced(deciding)
    },
    find: (request) => describing(tokens.find(request)),
    list: async (request) => {
      const { items, nextCursor } = await run(tokens.list(request))
      return { items: items.map(detailsOf), nextCursor: Option.getOrNull(nextCursor) }
    },
    edit: (request) => describing(tokens.edit(request)),
    revoke: (request) => describing(tokens.revoke(request)),
    rotate: (request) => handingOver(tokens.rotate(request)),
    endGrace: (request) => describing(tokens.endGrace(request)),
    revokeOwnedBy: async (request) => run(tokens.revokeOwnedBy(request)),
    revokeIssuedTo: async (request) => run(tokens.revokeIssuedTo(request)),
    revokeAllIssuedTo: async (request) => run(tokens.revokeAllIssuedTo(request)),
    usageOf: async (details) => {
      const usages = await run(tokens.usageOf(listOf(details).map(usedTokenOf)))
      return Option.getOrNull(Option.map(usages, (usages) => usages.map(usageDetailsOf)))
    },
    effectiveStatesOf: async (details) => run(tokens.effectiveStatesOf(listOf(details).map(verifiableTokenOf))),
    purge: async (request) => run(tokens.purge(request)),
    revokeUnused: async (request) => run(tokens.revokeUnused(request)),
    expiringWithin: async function* (request) {
      const Stream = await run(streamModule)
      yield* Stream.toAsyncIterable(Stream.map(await run(tokens.expiringWithin(request)), detailsOf))
    },
    ownerChanged: async (ownedBy) => run(tokens.ownerChanged(ownedBy)),
    flush: async () => run(tokens.flush),
    close: async () => {
      isClosed = true
      await runtime.dispose()
    },
  }
  // As above: only the types name the scopes.
  return api as unknown as PromiseApiTokens<S>
}

/** Without spans: only an Effect application has a tracer to receive them, and they take a seventh of an issue's time. */
const fork = Effect.runForkWith(Context.make(References.TracerEnabled, false))

/** The result, without a promise if it is at hand when the fiber returns. */
const runUntraced = <A>(effect: Effect.Effect<A, unknown>): A | Promise<A> => {
  const fiber = fork(effect)
  const exit = fiber.pollUnsafe()
  return exit === undefined
    ? new Promise<Exit.Exit<A, unknown>>((resolve) => fiber.addObserver(resolve)).then(valueOf)
    : valueOf(exit)
}

/** What a promise resolves to. Throws what it rejects with. */
const valueOf = <A>(exit: Exit.Exit<A, unknown>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

class UseCases extends Context.Service<UseCases, Opened<Caller>>()("@tokenry/core/promise/UseCases") {}

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

/** Reads the time only when needed: a malformed token is refused without it. */
const systemClock: Instant = {
  get epochMilliseconds() {
    return Date.now()
  },
}
