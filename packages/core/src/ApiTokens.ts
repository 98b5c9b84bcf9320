/** The use cases, as an Effect service: each reads, lets the rules decide, and writes. */
import { Clock, Context, Effect, Exit, Layer, Option, type Stream } from "effect"
import { announcing } from "./store/announcing.ts"
import { makeAuditDelivery } from "./background/AuditDelivery.ts"
import { makeKeyMover } from "./background/KeyMover.ts"
import { makeReuseWatch } from "./background/ReuseWatch.ts"
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
import { Hasher } from "./ports/Hasher.ts"
import { OwnerDirectory } from "./ports/OwnerDirectory.ts"
import { SecureRandom } from "./ports/SecureRandom.ts"
import { TokenChanges } from "./ports/TokenChanges.ts"
import { TokenUsageStore } from "./ports/TokenUsageStore.ts"
import { type ActingCaller, isActingCaller } from "./use-cases/requests.ts"
import type * as Request from "./use-cases/requests.ts"
import type { ApiToken, VerifiableToken } from "./token/ApiToken.ts"
import { type Caller, missingScopes, type ScopeHolder } from "./token/Caller.ts"
import type { Instant } from "./token/Instant.ts"
import { KeyRing } from "./token/KeyRing.ts"
import { checkOptions, isObject, type OptionRules } from "./token/OptionRules.ts"
import { OwnerId } from "./token/OwnerId.ts"
import type { MissingScope, Refusal } from "./token/Refusal.ts"
import { isCatalogue, type ScopeCatalogue } from "./token/ScopeCatalogue.ts"
import { isFormat, TokenFormat } from "./token/TokenFormat.ts"
import type { TokenId } from "./token/TokenId.ts"
import { isPolicy, TokenPolicy } from "./token/TokenPolicy.ts"
import type { TokenUsage } from "./token/TokenUsage.ts"
import { currentInstant } from "./use-cases/present.ts"
import { makeAuthority } from "./use-cases/authority.ts"
import { changing } from "./use-cases/changing.ts"
import { type Issued, issuing } from "./use-cases/issuing.ts"
import { makeParse } from "./use-cases/parsing.ts"
import { type Page, reading } from "./use-cases/reading.ts"
import { showing } from "./use-cases/showing.ts"
import { sweeping } from "./use-cases/sweeping.ts"
import type { EffectiveState } from "./verifying/effectiveState.ts"
import { makeLookUp } from "./verifying/lookUp.ts"
import { type CacheOptions, makeLookUpCache } from "./verifying/LookUpCache.ts"
import { type Deciding, isVerdict, makeVerifier, type VerifyObserver, type Verdict } from "./verifying/verifying.ts"

export interface ApiTokensOptions<S extends string = string> {
  /** The scopes there are. */
  readonly catalogue: ScopeCatalogue<S>
  /** How long tokens may live. The default is `TokenPolicy.make()`: 90 days, at most 366, never "never". */
  readonly policy?: TokenPolicy
  /** The format of new tokens. The default is `TokenFormat.checksummed({ prefix: "tok" })`. */
  readonly format?: TokenFormat
  /** Formats that are accepted as well, so that a change of format ends no token. */
  readonly alsoAccept?: ReadonlyArray<TokenFormat>
  /** Keys under which digests are stored. Without it, what is stored is plain SHA-256. */
  readonly keyRing?: KeyRing
  /** Remembers look-ups for a short time. Without it, each verify asks the store, and revocation is immediate everywhere. */
  readonly cache?: CacheOptions
  /** Keeps order in the store in the background. Without it, call `purge` and `revokeUnused` yourself. */
  readonly sweeps?: SweepOptions
  /** How uses are recorded, if there is a `TokenUsageStore`; `false`: not at all. */
  readonly usage?: UsageOptions | false
}

export interface Requirement<S extends string = string> {
  /** All of them must be granted. Empty: the token need only be valid. */
  readonly scopes: ReadonlyArray<S>
}

/** What `authorize` decides: everything required is granted, or which scopes are missing, each with the side lacking it. */
export type Authorization =
  | { readonly granted: true }
  | { readonly granted: false; readonly missing: ReadonlyArray<MissingScope> }

type Unavailable = InvalidInput | RepositoryUnavailable
type Unreachable = Unavailable | TokenNotFound | TokenNotLive | SecretNotActive | InactiveOwner
type Outdated = RevisionConflict | RevisionMismatch
type Unchangeable = Unreachable | PolicyViolation | ScopeNotHeld | Outdated

/** A caller as `authorize` takes it: what `verify` returned. */
export interface AuthorizableCaller extends ActingCaller, ScopeHolder {
  readonly ancestors: ReadonlyArray<string>
}

/** The use cases; `S` are the names of the declared scopes. */
export interface ApiTokensService<S extends string = string> {
  /** The declared scopes. */
  readonly catalogue: ScopeCatalogue<S>

  /**
   * Makes a token for an owner, or mints one by means of `caller`: then it can't have a scope or an expiry that what it
   * is minted by lacks. Costs one write, one question to the directory of owners if there is one, and for minting one
   * or two look-ups. `DuplicateToken` means that the source of random bytes repeats itself: do not go on with it.
   */
  readonly issue: (
    request: Request.IssueRequest<S>,
  ) => Effect.Effect<
    Issued,
    Unreachable | PolicyViolation | ScopeNotHeld | ExpiryNotHeld | InactiveOwner | DuplicateToken
  >

  /**
   * Who calls with this token, if it is accepted now and grants all the required scopes; else why not. One look-up,
   * one more if the token was minted by others, one question to the directory of owners; no write. A refusal is a
   * plain value, not an `Error`: nothing is thrown, and no stack trace is made.
   */
  readonly verify: (
    presented: unknown,
    requirement?: Requirement<S>,
  ) => Effect.Effect<Caller<S>, Refusal | RepositoryUnavailable>

  /**
   * Whether a verified caller may do what needs these scopes, and if not, which scopes are missing. Synchronous: it asks
   * no store. Use it where the required scopes are known only after `verify`; it records the use of the scopes and counts
   * the decision. The answer is as old as the caller, so don't keep callers beyond the request.
   *
   * @throws InvalidInput if the caller isn't one that `verify` returned, or a scope is not declared.
   */
  readonly authorize: (caller: AuthorizableCaller, scopes: ReadonlyArray<S>) => Authorization

  /**
   * What `verify` would say without a requirement, for who asks about a token that somebody else uses: nothing is
   * recorded as a use, and a retired secret has no consequences. It costs the same, and a cache counts here too.
   */
  readonly inspect: (presented: unknown) => Effect.Effect<Caller<S>, Refusal | RepositoryUnavailable>

  /** The owner's token with this id, in whatever state. */
  readonly find: (request: Request.FindRequest) => Effect.Effect<ApiToken, Unreachable>

  /** A page of the owner's tokens, the newest first. By means of a token: of itself and what was minted by means of it. */
  readonly list: (request: Request.ListRequest) => Effect.Effect<Page, Unreachable>

  /**
   * Whether `verify` would accept each of these tokens now, what it may do and why not more, in their order: for a page
   * of an owner's tokens. One lookup for the ancestors of all, and one question to the directory for each owner.
   */
  readonly effectiveStatesOf: (
    tokens: ReadonlyArray<VerifiableToken>,
  ) => Effect.Effect<ReadonlyArray<EffectiveState>, Unavailable>

  /**
   * How each of these tokens has been used, in their order; none if uses are not recorded. One look-up for all. What
   * other processes have gathered and not written yet is missing.
   */
  readonly usageOf: (
    tokens: ReadonlyArray<Pick<ApiToken, "id" | "createdAt" | "scopes">>,
  ) => Effect.Effect<Option.Option<ReadonlyArray<TokenUsage>>, Unavailable>

  /**
   * Renames the token, takes scopes away, or brings its expiry forward, in one write: everything the request names
   * happens, or nothing. A scope may be replaced by scopes it implies; none can be added, and the expiry can't move later.
   */
  readonly edit: (request: Request.EditRequest<S>) => Effect.Effect<ApiToken, Unchangeable>

  /**
   * Gives the token a new secret; the one it had is accepted until its grace ends, and never beyond the expiry that it
   * had. With an expiry the token is renewed within the policy. If the answer gets lost, rotate again: secrets in their
   * grace keep it. Of two at once one wins, and the other one fails with `RevisionConflict`.
   */
  readonly rotate: (request: Request.RotateRequest) => Effect.Effect<Issued, Unchangeable | ExpiryNotHeld>

  /** Ends the grace of all secrets that were replaced, now. Idempotent. */
  readonly endGrace: (request: Request.EndGraceRequest) => Effect.Effect<ApiToken, Unreachable | Outdated>

  /** Ends a token at once and for good. Idempotent: the first revocation stays. */
  readonly revoke: (request: Request.RevokeRequest) => Effect.Effect<ApiToken, Unreachable | RevisionMismatch>

  /** Revokes all of the owner's tokens, and says how many were not revoked yet. */
  readonly revokeOwnedBy: (request: Request.RevokeOwnedByRequest) => Effect.Effect<number, Unavailable>

  /** Revokes all that one owner has issued to a third party, and says how many were not revoked yet. */
  readonly revokeIssuedTo: (request: Request.RevokeIssuedToRequest) => Effect.Effect<number, Unavailable>

  /** Revokes all that any owner has issued to a third party, and says how many were not revoked yet. */
  readonly revokeAllIssuedTo: (request: Request.RevokeAllIssuedToRequest) => Effect.Effect<number, Unavailable>

  /**
   * Removes what has been dead for so long, with all that was minted by means of it, and says how many. In batches, which
   * let verifies through; any number of processes may do it at once. If there is an audit sink, it is told first of all
   * that it has not heard of; if that fails, nothing is removed.
   */
  readonly purge: (request: Request.PurgeRequest) => Effect.Effect<number, Unavailable | AuditSinkUnavailable>

  /**
   * Revokes live tokens that have not been used for so long, nor anything that was minted by means of them, and says how
   * many. None as long as uses have not been recorded for so long. What other processes have gathered and not written
   * yet does not count as used. Any number of processes may do it at once.
   */
  readonly revokeUnused: (request: Request.RevokeUnusedRequest) => Effect.Effect<number, Unavailable>

  /** All tokens that are not revoked and expire from now on within so long, the soonest first: to remind their owners. */
  readonly expiringWithin: (request: Request.ExpiringRequest) => Stream.Stream<ApiToken, Unavailable>

  /**
   * Call it after an owner's rights have changed, so that caches don't use the old ones until `maxStaleness`: here at
   * once, and in other processes where the store has `TokenChanges`. After an outage other processes may not know.
   */
  readonly ownerChanged: (ownedBy: string) => Effect.Effect<void, RepositoryUnavailable>

  /** Writes down the uses that have gathered here, and waits for it. Closing does it as well. */
  readonly flush: Effect.Effect<void>
}

export class ApiTokens extends Context.Service<ApiTokens, ApiTokensService>()("@tokenry/core/ApiTokens") {
  /**
   * Takes a `TokenUsageStore`, an `OwnerDirectory` and an `AuditSink` too where there are some. Fails with `MissingKeys` if
   * stored secrets need keys that the ring does not have.
   */
  static layer(
    options: ApiTokensOptions,
  ): Layer.Layer<ApiTokens, MissingKeys | RepositoryUnavailable, ApiTokenRepository | SecureRandom | Hasher> {
    return Layer.effect(
      ApiTokens,
      Effect.map(openApiTokens(options), ({ tokens }) => tokens),
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

/** The use cases, and verifying as the promise API needs it: without a fiber where the store answers at once. */
interface Opened {
  readonly tokens: ApiTokensService
  /** `verify` as of an instant. It looks the token up when it is called. */
  readonly verifyAt: (presented: unknown, requirement: Requirement | undefined, now: Instant) => Deciding
}

/** Checks the options, and puts everything together. */
export const openApiTokens = Effect.fnUntraced(function* (options: ApiTokensOptions) {
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

  const delivery = Option.isSome(sink) ? yield* makeAuditDelivery(store, sink.value) : undefined
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
    ? yield* makeUsageRecorder(usageStore.value, options.usage || {})
    : undefined
  const reuse =
    policy.onReuse === "notify" || policy.onReuse === "revoke"
      ? yield* makeReuseWatch(repository, policy.onReuse, makeRoom)
      : undefined
  const mover = keyRing?.active == null ? undefined : yield* makeKeyMover(repository, digesting)
  if (Option.isSome(usageStore)) yield* Effect.ignore(usageStore.value.begin(yield* currentInstant))

  const lookUp = cache ? metering.throughCache(cache.lookUp) : plainLookUp
  const judging = { sha256: digesting.sha256, lookUp, catalogue, formats }
  const inspector = makeVerifier({ ...judging, observer: nobody })
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
  const verifier = metering.verifier(makeVerifier({ ...judging, observer }))

  /** A requirement that no token can ever meet is a mistake in the program. */
  const assertDeclared = (scopes: ReadonlyArray<string>): void => {
    const issues = scopes.flatMap((scope, index) => {
      const flaw = catalogue.flawOf(scope)
      return flaw === undefined ? [] : [{ path: ["scopes", String(index)], message: flaw }]
    })
    if (issues.length > 0) throw new InvalidInput({ issues })
  }

  const verifyAt: Opened["verifyAt"] = (presented, requirement, now) =>
    requirement === undefined
      ? verifier(presented, noScopes, now)
      : isListOfStrings(requirement?.scopes)
        ? verifier(presented, requirement.scopes, now)
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
  const parts = {
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
  const authority = makeAuthority(repository, owners)
  const sweeps = sweeping(parts)
  if (options.sweeps) {
    if (options.sweeps.revokeUnused && policy.longestUnused === null) {
      throw new RangeError("sweeps.revokeUnused needs the policy to say longestUnused")
    }
    yield* scheduleSweeps(sweeps, options.sweeps)
  }
  const tokens: ApiTokensService = {
    catalogue,
    verify: (presented, requirement) => decideNow((now) => verifyAt(presented, requirement, now)),
    authorize,
    inspect: (presented) => decideNow((now) => inspector(presented, noScopes, now)),
    ...issuing(parts, authority),
    ...reading(parts, authority),
    ...showing(parts),
    ...changing(parts, authority),
    ...sweeps,
    ownerChanged: (ownedBy) =>
      Effect.suspend(() => {
        const owner = OwnerId.assert(ownedBy as OwnerId)
        cache?.forgetOwner(owner)
        return Option.isSome(changes) ? changes.value.announceOwner(owner) : Effect.void
      }),
    flush: recorder?.flush ?? Effect.void,
  }
  const opened: Opened = { tokens, verifyAt }
  return opened
})

/** What to write instead of options that belong elsewhere. */
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

const assertKeys = Effect.fnUntraced(function* (repository: ApiTokenRepository["Service"], ring: KeyRing | undefined) {
  const needed = (yield* repository.keyIdsInUse).flatMap(Option.toArray)
  const ids = needed.filter((id) => ring?.has(id) !== true)
  if (ids.length > 0) return yield* new MissingKeys({ ids })
})

/** What is decided by the clock of who asks. */
const decideNow = (decide: (now: Instant) => Deciding): Effect.Effect<Caller, Refusal | RepositoryUnavailable> =>
  Effect.withFiber((fiber) => {
    const deciding = decide({ epochMilliseconds: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() })
    return isVerdict(deciding) ? exitOf(deciding) : Effect.flatMap(deciding, exitOf)
  })

const noScopes: ReadonlyArray<string> = []
const nobody = { onAccepted: () => {}, onInsufficient: () => {}, onReused: () => {} }
const granted: Authorization = Object.freeze({ granted: true })
const notACaller = "must be a caller that verify returned"

const isAuthorizable = (caller: AuthorizableCaller): boolean =>
  isActingCaller(caller) && isListOfStrings(caller.scopes) && isListOfStrings(caller.ancestors)

const exitOf = (verdict: Verdict): Exit.Exit<Caller, Refusal> =>
  verdict.accepted ? Exit.succeed(verdict.caller) : Exit.fail(verdict.refusal)

/** Sees holes, which `every` skips. */
const isListOfStrings = (value: unknown): boolean => {
  if (!Array.isArray(value)) return false
  for (let index = 0; index < value.length; index++) if (typeof value[index] !== "string") return false
  return true
}
