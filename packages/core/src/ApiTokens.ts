/** The use cases as an Effect service: each one reads, applies the rules, and writes. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import { announcing } from "./store/announcing.ts"
import { scheduleSweeps, type SweepOptions } from "./background/scheduledSweeps.ts"
import { makeUsageRecorder, type UsageOptions } from "./background/UsageRecorder.ts"
import { makeDigesting } from "./ports/digesting.ts"
import {
  type DuplicateToken,
  type ExpiryNotHeld,
  type InactiveOwner,
  InvalidInput,
  MissingKeys,
  type PolicyViolation,
  type RepositoryUnavailable,
  type RevisionConflict,
  type RevisionMismatch,
  type ScopeNotHeld,
  type SecretNotActive,
  type TokenNotFound,
  type TokenNotLive,
} from "./errors.ts"
import { countingAnnouncementOutages, countingOutages, countingOwnerOutages } from "./store/countingOutages.ts"
import { makeMetering } from "./metrics/metering.ts"
import { ApiTokenRepository } from "./ports/ApiTokenRepository.ts"
import { AuditSink, type AuditSinkUnavailable } from "./ports/AuditSink.ts"
import { lazily, usingLazily } from "./ports/lazily.ts"
import { Hasher } from "./ports/Hasher.ts"
import { OwnerDirectory } from "./ports/OwnerDirectory.ts"
import type { Repository } from "./ports/Repository.ts"
import { SecureRandom } from "./ports/SecureRandom.ts"
import { TokenChanges } from "./ports/TokenChanges.ts"
import { TokenUsageStore } from "./ports/TokenUsageStore.ts"
import type { ActingCaller } from "./use-cases/requestParts.ts"
import type * as Request from "./use-cases/requests.ts"
import { type ApiToken, expiryAsInstant, type VerifiableToken } from "./token/ApiToken.ts"
import { KeyBinding, type KeyThumbprint } from "./token/KeyBinding.ts"
import { type Caller, missingScopes, type ScopeHolder } from "./token/Caller.ts"
import type { Instant } from "./token/Instant.ts"
import { KeyRing } from "./token/KeyRing.ts"
import { checkOptions, isObject, type OptionRules } from "./token/OptionRules.ts"
import { OwnerId } from "./token/OwnerId.ts"
import type { MissingScope, Refusal } from "./token/Refusal.ts"
import { isCatalogue, type ScopeCatalogue } from "./token/ScopeCatalogue.ts"
import { isFormat, TokenFormat } from "./token/TokenFormat.ts"
import { TokenId } from "./token/TokenId.ts"
import { isPolicy, TokenPolicy } from "./token/TokenPolicy.ts"
import type { TokenUsage } from "./token/TokenUsage.ts"
import { currentInstant } from "./use-cases/present.ts"
import type { Issued } from "./use-cases/issuing.ts"
import { makeParse } from "./use-cases/parsing.ts"
import type { UseCaseParts } from "./use-cases/UseCaseParts.ts"
import type { Page } from "./use-cases/reading.ts"
import type { EffectiveState } from "./verifying/effectiveState.ts"
import { makeLookUp } from "./verifying/lookUp.ts"
import { type CacheOptions, makeLookUpCache } from "./verifying/LookUpCache.ts"
import { type BindFirstKey, bindingFirstKey } from "./verifying/bindingFirstKey.ts"
import {
  type Deciding,
  type MakeCaller,
  isVerdict,
  makeVerifier,
  type VerifyObserver,
  type Verdict,
} from "./verifying/verifying.ts"

export interface ApiTokensOptions<S extends string = string> {
  /** The declared scopes. */
  readonly catalogue: ScopeCatalogue<S>
  /**
   * How long tokens may live. Default: `TokenPolicy.make()`, which gives 90 days, allows at most 366 and refuses
   * "never".
   */
  readonly policy?: TokenPolicy
  /** The format of new tokens. Default: `TokenFormat.checksummed({ prefix: "tok" })`. */
  readonly format?: TokenFormat
  /** Other accepted formats, so existing tokens survive a format change. Default: none. */
  readonly alsoAccept?: ReadonlyArray<TokenFormat>
  /** Keys that protect stored digests. Default: none; plain SHA-256 is stored. */
  readonly keyRing?: KeyRing
  /**
   * Caches lookups for a short time. Default: no cache; every verify reads the store and revocation is immediate
   * everywhere.
   */
  readonly cache?: CacheOptions
  /** Cleans up the store in the background. Default: no sweeps; call `purge` and `revokeUnused` yourself. */
  readonly sweeps?: SweepOptions
  /** How uses are recorded if the store has a `TokenUsageStore`. `false` turns recording off. */
  readonly usage?: UsageOptions | false
}

export interface Requirement<S extends string = string> {
  /** All of these must be granted. Empty means that any valid token passes. */
  readonly scopes: ReadonlyArray<S>
  /**
   * The thumbprint (RFC 7638) of the key the client proved it holds, checked by you or by `@tokenry/dpop`. A token
   * bound to a key is refused without it, and a bearer token with it. The first use of a `first-key` token binds it to
   * this key, which costs one more lookup and a write. Default: none.
   */
  readonly provenKey?: string | undefined
}

/** The result of `authorize`: granted, or the missing scopes, each with the first side that lacks it. */
export type Authorization =
  | { readonly granted: true }
  | { readonly granted: false; readonly missing: ReadonlyArray<MissingScope> }

type Unavailable = InvalidInput | RepositoryUnavailable
type Unreachable = Unavailable | TokenNotFound | TokenNotLive | SecretNotActive | InactiveOwner
type Outdated = RevisionConflict | RevisionMismatch
type Unchangeable = Unreachable | PolicyViolation | ScopeNotHeld | Outdated

/** The caller `authorize` takes: the one `verify` returned. */
export interface AuthorizableCaller extends ActingCaller, ScopeHolder {
  readonly ancestors: ReadonlyArray<string>
}

/** The use cases; `S` are the names of the declared scopes. */
export interface ApiTokensService<S extends string = string> {
  /** The declared scopes. */
  readonly catalogue: ScopeCatalogue<S>

  /**
   * Issues a token for an owner. With a `caller`, mints one that can't exceed the caller's scopes or expiry. Costs one
   * write and at most one owner directory call; minting adds one or two lookups. `DuplicateToken` means the source of
   * random bytes is repeating itself. Stop using it.
   */
  readonly issue: (
    request: Request.IssueRequest<S>,
  ) => Effect.Effect<
    Issued,
    Unreachable | PolicyViolation | ScopeNotHeld | ExpiryNotHeld | InactiveOwner | DuplicateToken
  >

  /**
   * Returns the caller if the token is accepted and grants every required scope, otherwise the reason for refusal.
   * Costs one lookup, a second one for a minted token, and at most one owner directory call. Writes only at the first
   * use of a `first-key` token. A refusal is a plain value rather than an `Error`, so it has no stack trace.
   */
  readonly verify: (
    presented: unknown,
    requirement?: Requirement<S>,
  ) => Effect.Effect<Caller<S>, Refusal | RepositoryUnavailable>

  /**
   * Whether a verified caller has these scopes, and which are missing if not. Synchronous: no store access. Use it when
   * the required scopes are only known after `verify`. Records the use of the scopes and counts the decision. The
   * answer reflects the time of `verify`, so don't keep callers beyond the request.
   *
   * @throws InvalidInput if the caller isn't one that `verify` returned, or a scope is not declared.
   */
  readonly authorize: (caller: AuthorizableCaller, scopes: ReadonlyArray<S>) => Authorization

  /**
   * Looks up someone else's token without side effects, as `verify` would without a requirement: no use is recorded,
   * a retired secret has no consequences, and no key is checked or bound (see the caller's `boundTo`). Costs the same
   * as `verify`, and goes through the same cache.
   */
  readonly inspect: (presented: unknown) => Effect.Effect<Caller<S>, Refusal | RepositoryUnavailable>

  /** The owner's token with this id, whatever its state. */
  readonly find: (request: Request.FindRequest) => Effect.Effect<ApiToken, Unreachable>

  /** A page of the owner's tokens, newest first. With a `caller`, only that token and the tokens minted with it. */
  readonly list: (request: Request.ListRequest) => Effect.Effect<Page, Unreachable>

  /**
   * For each token, in order, whether `verify` would accept it now, and which scopes it has or lost. For pages that
   * list an owner's tokens: one lookup for all ancestors, and one owner directory call per owner.
   */
  readonly effectiveStatesOf: (
    tokens: ReadonlyArray<VerifiableToken>,
  ) => Effect.Effect<ReadonlyArray<EffectiveState>, Unavailable>

  /**
   * How each token has been used, in order; none if uses are not recorded. One lookup in total. Excludes uses that
   * other processes haven't written yet.
   */
  readonly usageOf: (
    tokens: ReadonlyArray<Pick<ApiToken, "id" | "createdAt" | "scopes">>,
  ) => Effect.Effect<Option.Option<ReadonlyArray<TokenUsage>>, Unavailable>

  /**
   * Renames the token, removes scopes or brings its expiry forward, all in one atomic write. A scope can be replaced by
   * scopes it implies. Scopes can't be added, and the expiry can't move later.
   */
  readonly edit: (request: Request.EditRequest<S>) => Effect.Effect<ApiToken, Unchangeable>

  /**
   * Gives the token a new secret. The previous secret stays valid for its grace period, but never beyond the expiry the
   * token had. Pass an expiry to renew the token within the policy. If the response is lost, rotate again: the previous
   * secret stays valid. Of two concurrent rotations, one fails with `RevisionConflict`.
   */
  readonly rotate: (request: Request.RotateRequest) => Effect.Effect<Issued, Unchangeable | ExpiryNotHeld>

  /** Ends the grace period of every replaced secret now. Idempotent. */
  readonly endGrace: (request: Request.EndGraceRequest) => Effect.Effect<ApiToken, Unreachable | Outdated>

  /** Revokes a token, immediately and permanently. Idempotent: the first revocation is kept. */
  readonly revoke: (request: Request.RevokeRequest) => Effect.Effect<ApiToken, Unreachable | RevisionMismatch>

  /** Revokes all of the owner's tokens. Returns how many were newly revoked. */
  readonly revokeOwnedBy: (request: Request.RevokeOwnedByRequest) => Effect.Effect<number, Unavailable>

  /** Revokes every token one owner issued to a third party. Returns how many were newly revoked. */
  readonly revokeIssuedTo: (request: Request.RevokeIssuedToRequest) => Effect.Effect<number, Unavailable>

  /** Revokes every token any owner issued to a third party. Returns how many were newly revoked. */
  readonly revokeAllIssuedTo: (request: Request.RevokeAllIssuedToRequest) => Effect.Effect<number, Unavailable>

  /**
   * Deletes tokens that have been dead for this long, and everything minted with them. Returns how many. Works in
   * batches that don't block verifies, and is safe to run from several processes. With an audit sink, delivers all
   * pending changes first; if that fails, nothing is deleted.
   */
  readonly purge: (request: Request.PurgeRequest) => Effect.Effect<number, Unavailable | AuditSinkUnavailable>

  /**
   * Revokes live tokens if neither they nor anything minted with them was used for this long. Returns how many; 0 until
   * uses have been recorded for that long. Uses that other processes haven't written yet don't count. Safe to run from
   * several processes.
   */
  readonly revokeUnused: (request: Request.RevokeUnusedRequest) => Effect.Effect<number, Unavailable>

  /**
   * Every token that expires within this time and isn't revoked, soonest first. Use it to remind owners:
   *
   *     const expiring = yield* tokens.expiringWithin({ within: "7 days" })
   *     yield* Stream.runForEach(expiring, remind)
   */
  readonly expiringWithin: (
    request: Request.ExpiringRequest,
  ) => Effect.Effect<Stream.Stream<ApiToken, RepositoryUnavailable>, InvalidInput>

  /**
   * Call it after an owner's rights change, so caches don't use the old ones for up to `maxStaleness`. Takes effect
   * here at once, and in other processes if the store has `TokenChanges`. After an outage, other processes may not have
   * been notified.
   */
  readonly ownerChanged: (ownedBy: string) => Effect.Effect<void, RepositoryUnavailable>

  /** Writes the uses gathered in this process and waits until they are saved. Closing does the same. */
  readonly flush: Effect.Effect<void>
}

export class ApiTokens extends Context.Service<ApiTokens, ApiTokensService>()("@tokenry/core/ApiTokens") {
  /**
   * Also uses a `TokenUsageStore`, an `OwnerDirectory` and an `AuditSink` if provided. Fails with `MissingKeys` if
   * stored secrets need keys that the ring doesn't have.
   */
  static layer(
    options: ApiTokensOptions,
  ): Layer.Layer<ApiTokens, MissingKeys | RepositoryUnavailable, ApiTokenRepository | SecureRandom | Hasher> {
    return Layer.effect(
      ApiTokens,
      Effect.map(assembleApiTokens(options, callerOf), ({ tokens, verifyAt, inspectAt }) => ({
        ...tokens,
        verify: (presented, requirement) => decideNow((now) => verifyAt(presented, requirement, now)),
        inspect: (presented) => decideNow((now) => inspectAt(presented, now)),
      })),
    )
  }

  /**
   * The service with its scopes typed by the catalogue, so that a misspelt scope doesn't compile:
   *
   *     const tokens = yield* ApiTokens.for(catalogue)
   *
   * Dies if the layer was made with another catalogue.
   */
  static for<S extends string>(catalogue: ScopeCatalogue<S>): Effect.Effect<ApiTokensService<S>, never, ApiTokens> {
    return Effect.flatMap(ApiTokens, (tokens) =>
      tokens.catalogue === (catalogue as ScopeCatalogue)
        ? // The same object as the layer's, so its scopes are of this type.
          Effect.succeed(tokens as unknown as ApiTokensService<S>)
        : Effect.die(new Error("ApiTokens.for: the layer was made with another catalogue")),
    )
  }
}

/** The use cases. Verifying needs no fiber if the store answers synchronously. */
export interface Opened<C> {
  readonly tokens: Omit<ApiTokensService, "verify" | "inspect">
  /** `verify` as of an instant. Starts the lookup when called. */
  readonly verifyAt: (presented: unknown, requirement: Requirement | undefined, now: Instant) => Deciding<C>
  /** `inspect` in the same way. */
  readonly inspectAt: (presented: unknown, now: Instant) => Deciding<C>
}

/** Checks the options and assembles the use cases, with the API's own kind of caller. */
export const assembleApiTokens = Effect.fnUntraced(function* <C>(options: ApiTokensOptions, makeCaller: MakeCaller<C>) {
  checkOptions("ApiTokens", options, apiTokensOptionRules, { required: ["catalogue"], misplaced: misplacedOptions })
  const {
    catalogue,
    policy = TokenPolicy.make(),
    format = TokenFormat.checksummed({ prefix: "tok" }),
    alsoAccept = [],
    keyRing,
  } = options
  const clock = yield* Clock.Clock
  const metering = yield* makeMetering
  const store = countingOutages(yield* ApiTokenRepository, metering.onOutage)
  const random = yield* SecureRandom
  const owners = Option.map(yield* Effect.serviceOption(OwnerDirectory), (owners) =>
    countingOwnerOutages(owners, metering.onOutage),
  )
  const usageStore = options.usage === false ? Option.none() : yield* Effect.serviceOption(TokenUsageStore)
  const sink = yield* Effect.serviceOption(AuditSink)
  const digesting = makeDigesting(yield* Hasher, keyRing)
  const formats = [format, ...alsoAccept]
  yield* assertKeys(store, keyRing)

  const delivery = Option.isSome(sink) ? yield* (yield* auditDelivery).makeAuditDelivery(store, sink.value) : undefined
  const makeRoom = delivery?.makeRoom ?? Effect.succeed
  const plainLookUp = makeLookUp(store, owners, digesting)
  const changes = Option.map(yield* Effect.serviceOption(TokenChanges), (changes) =>
    countingAnnouncementOutages(changes, metering.onOutage),
  )
  const cache = options.cache && (yield* makeLookUpCache(metering.beneathCache(plainLookUp), options.cache, changes))
  const repository = announcing(store, {
    onTouched: (id) => cache?.forgetToken(id),
    onWritten: (token) => delivery?.changed(token),
    onManyTouched: () => {
      cache?.forgetAll()
      delivery?.changedMany()
    },
  })

  const recorder = Option.isSome(usageStore)
    ? yield* makeUsageRecorder(usageStore.value, options.usage || {}, metering.lostUses())
    : undefined
  const reuse =
    policy.onReuse === "notify" || policy.onReuse === "revoke"
      ? yield* (yield* reuseWatch).makeReuseWatch(repository, policy.onReuse, makeRoom)
      : undefined
  const mover = keyRing?.active == null ? undefined : yield* (yield* keyMover).makeKeyMover(repository, digesting)
  if (Option.isSome(usageStore)) yield* Effect.ignore(usageStore.value.begin(yield* currentInstant))

  const lookUp = cache ? metering.throughCache(cache.lookUp) : plainLookUp
  const judging = { sha256: digesting.sha256, lookUp, catalogue, formats, makeCaller }
  const inspector = makeVerifier({ ...judging, observer: nobody })
  const inspectAt: Opened<C>["inspectAt"] = (presented, now) => inspector(presented, noScopes, now, "unchecked")
  const observer: VerifyObserver = {
    onAccepted: ({ token, secret }, required, sha256, at) => {
      recorder?.used(token.id, secret.generation, token.ancestors, required, at)
      if (digesting.isOutdated(secret.keyId)) mover?.outdated(token.id, secret.generation, sha256)
      if (required.length > 0) metering.onAuthorized(true)
    },
    onInsufficient: (missing) => {
      assertDeclared(missing.map(({ scope }) => scope))
      metering.onAuthorized(false)
    },
    onReused: ({ token, secret }, at) => {
      recorder?.reused(token.id, secret.generation, at)
      reuse?.reused(token.id, secret.generation)
    },
  }
  const bindFirstKey: BindFirstKey = (id, key) =>
    withUseCases(({ bindFirstKey }) => bindFirstKey(id, key)).pipe(
      // Another process may have bound it.
      Effect.ensuring(Effect.sync(() => cache?.forgetToken(id))),
    )
  const verifier = metering.verifier(bindingFirstKey(makeVerifier({ ...judging, observer }), bindFirstKey))

  /** A requirement no token can meet is a programming mistake. */
  const assertDeclared = (scopes: ReadonlyArray<string>): void => {
    const issues = scopes.flatMap((scope, index) => {
      const flaw = catalogue.flawOf(scope)
      return flaw === undefined ? [] : [{ path: ["scopes", String(index)], message: flaw }]
    })
    if (issues.length > 0) throw new InvalidInput({ issues })
  }

  const verifyAt: Opened<C>["verifyAt"] = (presented, requirement, now) =>
    requirement === undefined
      ? verifier(presented, noScopes, now, undefined)
      : isListOfStrings(requirement?.scopes)
        ? isKeyOrNone(requirement.provenKey)
          ? verifier(presented, requirement.scopes, now, requirement.provenKey)
          : Exit.die(new InvalidInput({ issues: [{ path: ["provenKey"], message: "must be a JWK thumbprint" }] }))
        : Exit.die(new InvalidInput({ issues: [{ path: ["scopes"], message: "must be a list of required scopes" }] }))

  const authorize: ApiTokensService["authorize"] = (caller, scopes) => {
    if (!isAuthorizable(caller)) throw new InvalidInput({ issues: [{ path: ["caller"], message: notACaller }] })
    if (!isListOfStrings(scopes)) {
      throw new InvalidInput({ issues: [{ path: ["scopes"], message: "must be a list of required scopes" }] })
    }
    const missing = missingScopes(scopes, caller)
    metering.onAuthorized(missing.length === 0)
    if (missing.length > 0) {
      assertDeclared(scopes)
      return { granted: false, missing }
    }
    if (scopes.length > 0) {
      const ancestors = caller.ancestors as ReadonlyArray<TokenId>
      const now = clock.currentTimeMillisUnsafe()
      recorder?.scopesUsed(caller.tokenId as TokenId, caller.generation, ancestors, scopes, now)
    }
    return granted
  }

  const rules = { catalogue, formats }
  const usage = Option.fromUndefinedOr(recorder)
  const deliverEverything = delivery?.deliverEverything ?? Effect.void
  const parse = makeParse(formats)
  const parts: UseCaseParts = {
    repository,
    owners,
    usage,
    random,
    digesting,
    rules,
    policy,
    format,
    deliverEverything,
    makeRoom,
    parse,
  }
  const using = usingLazily(async () => (await import("./use-cases/managing.ts")).managing(parts))
  const withUseCases: typeof using = (use) => Effect.suspend(() => using(use))
  const tokens: Opened<C>["tokens"] = {
    catalogue,
    authorize,
    issue: (request) => withUseCases(({ issue }) => issue(request)),
    find: (request) => withUseCases(({ find }) => find(request)),
    list: (request) => withUseCases(({ list }) => list(request)),
    effectiveStatesOf: (tokens) => withUseCases(({ effectiveStatesOf }) => effectiveStatesOf(tokens)),
    usageOf: (tokens) => withUseCases(({ usageOf }) => usageOf(tokens)),
    edit: (request) => withUseCases(({ edit }) => edit(request)),
    rotate: (request) => withUseCases(({ rotate }) => rotate(request)),
    endGrace: (request) => withUseCases(({ endGrace }) => endGrace(request)),
    revoke: (request) => withUseCases(({ revoke }) => revoke(request)),
    revokeOwnedBy: (request) => withUseCases(({ revokeOwnedBy }) => revokeOwnedBy(request)),
    revokeIssuedTo: (request) => withUseCases(({ revokeIssuedTo }) => revokeIssuedTo(request)),
    revokeAllIssuedTo: (request) => withUseCases(({ revokeAllIssuedTo }) => revokeAllIssuedTo(request)),
    purge: (request) => withUseCases(({ purge }) => purge(request)),
    revokeUnused: (request) => withUseCases(({ revokeUnused }) => revokeUnused(request)),
    expiringWithin: (request) => withUseCases(({ expiringWithin }) => expiringWithin(request)),
    ownerChanged: (ownedBy) =>
      Effect.suspend(() => {
        const owner = OwnerId.assert(ownedBy as OwnerId)
        cache?.forgetOwner(owner)
        return Option.isSome(changes) ? changes.value.announceOwner(owner) : Effect.void
      }),
    flush: recorder?.flush ?? Effect.void,
  }
  if (options.sweeps) {
    if (options.sweeps.revokeUnused && policy.longestUnused === null) {
      throw new RangeError("sweeps.revokeUnused needs the policy option longestUnused")
    }
    yield* scheduleSweeps(tokens, options.sweeps)
  }
  const opened: Opened<C> = { tokens, verifyAt, inspectAt }
  return opened
})

const auditDelivery = lazily(() => import("./background/AuditDelivery.ts"))
const reuseWatch = lazily(() => import("./background/ReuseWatch.ts"))
const keyMover = lazily(() => import("./background/KeyMover.ts"))

/** Advice for options that belong elsewhere. */
export const misplacedOptions = {
  scopes: "the declared scopes are the option catalogue: ScopeCatalogue.make({ … })",
  prefix: 'a prefix belongs to the format: format: TokenFormat.checksummed({ prefix: "acme" })',
  keys: "keys belong to a ring: keyRing: KeyRing.make({ keys: { … }, active: … })",
  defaultLifetime: 'lifetimes belong to the policy: policy: TokenPolicy.make({ defaultLifetime: "30 days" })',
  longestLifetime: 'lifetimes belong to the policy: policy: TokenPolicy.make({ longestLifetime: "30 days" })',
  store: "the store is the option repository, as in repository: MemoryRepository.layer",
} as const

export const apiTokensOptionRules: OptionRules<ApiTokensOptions> = {
  catalogue: [isCatalogue, "write catalogue: ScopeCatalogue.make({ … })"],
  policy: [isPolicy, 'write policy: TokenPolicy.make({ longestLifetime: "30 days" })'],
  format: [isFormat, 'write format: TokenFormat.checksummed({ prefix: "acme" })'],
  alsoAccept: [
    (value) => Array.isArray(value) && value.every(isFormat),
    'write a list of formats, as in alsoAccept: [TokenFormat.hex({ prefix: "acme" })]',
  ],
  keyRing: [(value) => value instanceof KeyRing, "write keyRing: KeyRing.make({ keys: { … }, active: … })"],
  cache: [isObject, 'write cache: { maxStaleness: "2 seconds" }'],
  sweeps: [isObject, 'write sweeps: { every: "1 hour", purgeDeadFor: "90 days" }'],
  usage: [(value) => value === false || isObject(value), 'write usage: { interval: "1 minute" }, or usage: false'],
}

const assertKeys = Effect.fnUntraced(function* (repository: Repository, ring: KeyRing | undefined) {
  const needed = (yield* repository.keyIdsInUse).flatMap(Option.toArray)
  const ids = needed.filter((id) => ring?.has(id) !== true)
  if (ids.length > 0) return yield* new MissingKeys({ ids })
})

/** Decides at the calling fiber's current time. */
const decideNow = (
  decide: (now: Instant) => Deciding<Caller>,
): Effect.Effect<Caller, Refusal | RepositoryUnavailable> =>
  Effect.withFiber((fiber) => {
    const deciding = decide({ epochMilliseconds: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() })
    return isVerdict(deciding) ? exitOf(deciding) : Effect.flatMap(deciding, exitOf)
  })

const noScopes: ReadonlyArray<string> = []
const nobody = { onAccepted: () => {}, onInsufficient: () => {}, onReused: () => {} }
const granted: Authorization = Object.freeze({ granted: true })
const notACaller = "must be a caller that verify returned"

/** Checks only what `authorize` uses, because guards call it for each request. */
const isAuthorizable = (caller: AuthorizableCaller | null | undefined): boolean =>
  TokenId.is(caller?.tokenId) &&
  Number.isSafeInteger(caller.generation) &&
  isListOfStrings(caller.scopes) &&
  isListOfStrings(caller.ancestors)

const exitOf = (verdict: Verdict<Caller>): Exit.Exit<Caller, Refusal> =>
  verdict.accepted ? Exit.succeed(verdict.caller) : Exit.fail(verdict.refusal)

const callerOf: MakeCaller<Caller> = ({ token, secret }, ancestors, scopes, narrowedBy, expiry) => ({
  tokenId: token.id,
  generation: secret.generation,
  ownedBy: token.ownedBy,
  ancestors,
  scopes,
  narrowedBy,
  expiresAt: expiryAsInstant(expiry),
  boundTo: token.boundTo,
})

const isKeyOrNone = (key: unknown): key is KeyThumbprint | undefined =>
  key === undefined || KeyBinding.isThumbprint(key)

/** Catches holes in the array, which `every` skips. */
const isListOfStrings = (value: unknown): boolean => {
  if (!Array.isArray(value)) return false
  for (let index = 0; index < value.length; index++) if (typeof value[index] !== "string") return false
  return true
}
