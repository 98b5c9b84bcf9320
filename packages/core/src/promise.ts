/** The use cases for people who do not use Effect: promises, dates and plain objects, under the same words. */
import { Clock, Effect, Layer, ManagedRuntime, Option, Stream } from "effect"
import { ApiTokens, type ApiTokensOptions, type Requirement } from "./ApiTokens.ts"
import { backgroundClock } from "./node/backgroundClock.ts"
import { InvalidInput } from "./errors.ts"
import { NodeCrypto } from "./node/NodeCrypto.ts"
import type { ApiTokenRepository } from "./ports/ApiTokenRepository.ts"
import { AuditSink } from "./ports/AuditSink.ts"
import { type OwnerAuthority, OwnerDirectory } from "./ports/OwnerDirectory.ts"
import {
  type AuditEventDetails,
  auditEventOf,
  type Caller,
  detailsOf,
  type TokenDetails,
  type TokenUsage,
  usageDetailsOf,
  usedTokenOf,
  type Verification,
  verificationOf,
} from "./promiseValues.ts"
import type { RepositoryUnavailable } from "./errors.ts"
import type * as Request from "./requests.ts"
import type { ApiToken } from "./token/ApiToken.ts"
import type { Caller as EffectCaller } from "./token/Caller.ts"
import type { Instant } from "./token/Instant.ts"
import type { Refusal } from "./token/Refusal.ts"
import { isVerdict, type Verdict } from "./verifying/verifying.ts"

export type { AuditEventDetails, Caller, TokenDetails, TokenUsage, Verification } from "./promiseValues.ts"

export interface OpenOptions<E> extends ApiTokensOptions {
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
 * Each method but `verify` and `inspect` rejects with the errors of `ApiTokens`' method of the same name, which are
 * instances of `Error` with a `_tag`: `InvalidInput`, `PolicyViolation`, `ScopeNotHeld`, `ExpiryNotHeld`,
 * `InactiveOwner`, `TokenNotFound`, `TokenNotLive`, `SecretNotActive`, `RevisionConflict`, `RevisionMismatch`,
 * `RepositoryUnavailable`.
 */
export interface PromiseApiTokens {
  /** Makes a token for an owner. `plaintext` is what the client sends; it can't be had again. */
  readonly issue: (
    request: Request.IssueRequest,
  ) => Promise<{ readonly plaintext: string; readonly token: TokenDetails }>
  /** Never rejects for a refusal, only with `RepositoryUnavailable`, and with `InvalidInput` for a wrong requirement. */
  readonly verify: (presented: unknown, requirement?: Requirement) => Promise<Verification>
  /** `verify` without consequences, for who asks about a token that somebody else uses: it does not count as a use. */
  readonly inspect: (presented: unknown) => Promise<Verification>
  readonly find: (request: Request.FindRequest) => Promise<TokenDetails>
  /** The newest first. `nextCursor` is `null` on the last page. */
  readonly list: (
    request: Request.ListRequest,
  ) => Promise<{ readonly items: ReadonlyArray<TokenDetails>; readonly nextCursor: string | null }>
  /** Renames the token, takes scopes away, or brings its expiry forward, in one write. */
  readonly edit: (request: Request.EditRequest) => Promise<TokenDetails>
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
  /** Removes what has been dead for so long; says how many. */
  readonly purge: (request: Request.PurgeRequest) => Promise<number>
  /** Revokes what has not been used for so long; says how many. */
  readonly revokeUnused: (request: Request.RevokeUnusedRequest) => Promise<number>
  /** What expires within so long, the soonest first, read in batches while it is iterated over. */
  readonly expiringWithin: (request: Request.ExpiringRequest) => AsyncIterable<TokenDetails>
  /** Notes that the caller needed these scopes, for who looks into `caller.scopes` instead of asking `verify`. */
  readonly exercised: (caller: Caller, scopes: ReadonlyArray<string>) => void
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
 * Opens the store and gives the use cases. Rejects with the adapter's error if the store can't be opened, and with
 * `MissingKeys` if the key ring lacks a key that stored tokens need.
 *
 *     const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
 */
export const createApiTokens = async <E>({
  repository,
  owners,
  audit,
  ...options
}: OpenOptions<E>): Promise<PromiseApiTokens> => {
  const directory = owners === undefined ? Layer.empty : OwnerDirectory.layerFrom(owners)
  const sink = audit === undefined ? Layer.empty : AuditSink.layerFrom((events) => audit(events.map(auditEventOf)))
  const runtime = ManagedRuntime.make(
    ApiTokens.layer(options).pipe(
      Layer.provide([repository, NodeCrypto.layer, directory, sink, Layer.succeed(Clock.Clock, backgroundClock)]),
    ),
  )
  const tokens = await runtime.runPromise(ApiTokens)
  let isClosed = false
  const assertOpen = () => {
    if (isClosed) throw new Error("The token store is closed")
  }
  const run = async <A>(effect: Effect.Effect<A, unknown>): Promise<A> => {
    assertOpen()
    return Effect.runPromise(effect)
  }
  const describing = async (effect: Effect.Effect<ApiToken, unknown>) => detailsOf(await run(effect))

  return {
    issue: async (request) => {
      const { plaintext, token } = await run(tokens.issue(request))
      return { plaintext, token: detailsOf(token) }
    },
    verify: async (presented, requirement) => {
      assertOpen()
      const deciding = tokens.verifyAt(presented, requirement, systemClock)
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
      if (!Array.isArray(details))
        throw new InvalidInput({ issues: [{ path: [], message: "must be a list of tokens" }] })
      const usages = await run(tokens.usageOf(details.map(usedTokenOf)))
      return Option.getOrNull(Option.map(usages, (usages) => usages.map(usageDetailsOf)))
    },
    purge: (request) => run(tokens.purge(request)),
    revokeUnused: (request) => run(tokens.revokeUnused(request)),
    expiringWithin: async function* (request) {
      assertOpen()
      yield* Stream.toAsyncIterable(Stream.map(tokens.expiringWithin(request), detailsOf))
    },
    exercised: (caller, scopes) => {
      assertOpen()
      Effect.runSync(tokens.exercised(caller, scopes))
    },
    ownerChanged: (ownedBy) => run(tokens.ownerChanged(ownedBy)),
    flush: () => run(tokens.flush),
    close: async () => {
      isClosed = true
      await runtime.dispose()
    },
  }
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
