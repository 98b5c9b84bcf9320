/** The use cases, as an Effect service: each reads, lets the rules decide, and writes. */
import { Clock, Context, DateTime, Effect, Exit, Layer, Option, Schedule } from "effect"
import {
  type DuplicateToken,
  InactiveOwner,
  InvalidInput,
  type PolicyViolation,
  type RepositoryUnavailable,
  type RevisionConflict,
  ScopeNotHeld,
  TokenNotFound,
  TokenNotLive,
} from "./errors.ts"
import { ListCursor } from "./ListCursor.ts"
import { makePlaintext } from "./plaintext.ts"
import { ApiTokenRepository } from "./ports/ApiTokenRepository.ts"
import { Hasher } from "./ports/Hasher.ts"
import { OwnerDirectory } from "./ports/OwnerDirectory.ts"
import { SecureRandom } from "./ports/SecureRandom.ts"
import { proposeChange, proposeNew } from "./proposals.ts"
import * as Request from "./requests.ts"
import { ApiToken, stateOf } from "./token/ApiToken.ts"
import { unattributed } from "./token/Attribution.ts"
import type { Caller } from "./token/Caller.ts"
import type { Digest } from "./token/Digest.ts"
import type { Instant } from "./token/Instant.ts"
import type { OwnerId } from "./token/OwnerId.ts"
import type { Refusal } from "./token/Refusal.ts"
import type { ScopeCatalogue } from "./token/ScopeCatalogue.ts"
import { TokenFormat } from "./token/TokenFormat.ts"
import { TokenId } from "./token/TokenId.ts"
import { TokenPolicy } from "./token/TokenPolicy.ts"
import { type Deciding, isVerdict, makeVerifier, type Verdict } from "./verifying.ts"

export interface ApiTokensOptions {
  /** The scopes that there are. */
  readonly scopes: ScopeCatalogue
  /** How long tokens may live. The default is `TokenPolicy.make()`: 90 days, at most 366, never "never". */
  readonly policy?: TokenPolicy
  /** The format of new tokens. The default is `TokenFormat.checksummed({ prefix: "tok" })`. */
  readonly format?: TokenFormat
  /** Formats that are accepted as well, so that a change of format ends no token. */
  readonly alsoAccept?: ReadonlyArray<TokenFormat>
}

/** A new token, and the only sight of its plaintext. */
export interface Issued {
  /** What the client is to send. Show it once; it is stored nowhere. */
  readonly plaintext: string
  readonly token: ApiToken
}

export interface Page {
  readonly items: ReadonlyArray<ApiToken>
  /** For `cursor`, to get the next page. None: this is the last one. */
  readonly nextCursor: Option.Option<string>
}

export interface Requirement {
  /** All of them must be granted. Empty: the token need only be valid. */
  readonly scopes: ReadonlyArray<string>
}

type Unavailable = InvalidInput | RepositoryUnavailable
type Unchangeable = Unavailable | TokenNotFound | TokenNotLive | PolicyViolation | ScopeNotHeld | RevisionConflict

export class ApiTokens extends Context.Service<
  ApiTokens,
  {
    /**
     * Makes a token for an owner. Costs one write, and one question to the directory of owners if there is one.
     * `DuplicateToken` means that the source of random bytes repeats itself: do not go on with it.
     */
    readonly issue: (
      request: Request.IssueRequest,
    ) => Effect.Effect<Issued, Unavailable | PolicyViolation | ScopeNotHeld | InactiveOwner | DuplicateToken>

    /**
     * Who calls with this token, if it is accepted now and grants all the required scopes; else why not. One look-up,
     * one more if the token was minted by others, one question to the directory of owners; no write. A refusal is a
     * plain value, not an `Error`: nothing is thrown, and no stack trace is made.
     */
    readonly verify: (
      presented: unknown,
      requirement?: Requirement,
    ) => Effect.Effect<Caller, Refusal | RepositoryUnavailable>

    /**
     * `verify` as of an instant, for adapters with a clock of their own: where the store answers at once, it gives the
     * verdict itself and not an effect, so that no fiber is needed. It looks the token up when it is called.
     */
    readonly verifyAt: (presented: unknown, requirement: Requirement | undefined, now: Instant) => Deciding

    /** The owner's token with this id, in whatever state. */
    readonly find: (request: Request.FindRequest) => Effect.Effect<ApiToken, Unavailable | TokenNotFound>

    /** A page of the owner's tokens, the newest first. */
    readonly list: (request: Request.ListRequest) => Effect.Effect<Page, Unavailable>

    readonly rename: (request: Request.RenameRequest) => Effect.Effect<ApiToken, Unchangeable>

    /** Takes scopes away. What its scopes imply may be kept in their place; none can be added. */
    readonly narrow: (request: Request.NarrowRequest) => Effect.Effect<ApiToken, Unchangeable>

    /** Brings the expiry forward, to an instant that is still to come. It can't be put off. */
    readonly shorten: (request: Request.ShortenRequest) => Effect.Effect<ApiToken, Unchangeable>

    /** Renames, narrows and shortens in one write: all that is asked for happens, or nothing. */
    readonly edit: (request: Request.EditRequest) => Effect.Effect<ApiToken, Unchangeable>

    /** Ends a token at once and for good. Idempotent: the first revocation stays. */
    readonly revoke: (request: Request.RevokeRequest) => Effect.Effect<ApiToken, Unavailable | TokenNotFound>

    /** Revokes all of the owner's tokens, and says how many were not revoked yet. */
    readonly revokeOwnedBy: (request: Request.RevokeOwnedByRequest) => Effect.Effect<number, Unavailable>
  }
>()("@tokenry/core/ApiTokens") {
  static layer(options: ApiTokensOptions): Layer.Layer<ApiTokens, never, ApiTokenRepository | SecureRandom | Hasher> {
    return Layer.effect(ApiTokens, make(options))
  }
}

const make = Effect.fnUntraced(function* (options: ApiTokensOptions) {
  const {
    scopes: catalogue,
    policy = TokenPolicy.make(),
    format = TokenFormat.checksummed({ prefix: "tok" }),
    alsoAccept = [],
  } = options
  const repository = yield* ApiTokenRepository
  const random = yield* SecureRandom
  const hasher = yield* Hasher
  const owners = yield* Effect.serviceOption(OwnerDirectory)
  const formats = [format, ...alsoAccept]
  const rules = { catalogue, formats }
  const verifier = makeVerifier({ repository, hasher, owners, catalogue, formats })

  const ownersScopes = Effect.fnUntraced(function* (ownedBy: OwnerId) {
    if (Option.isNone(owners)) return "all"
    const authority = yield* owners.value.authorityOf(ownedBy)
    return authority.active ? authority.scopes : yield* new InactiveOwner({ ownedBy })
  })

  const insertNew = Effect.fn("ApiTokens.issue")(function* (request: Request.IssueRequest, digest: Digest) {
    const {
      name,
      scopes,
      issuedTo,
      by = unattributed,
      ...rest
    } = yield* Request.parseRequest(Request.IssueRequest, request)
    const ownedBy = rest.ownedBy as OwnerId
    const now = yield* currentInstant
    const expiry = yield* Request.requestedExpiry(rest)
    const proposal = yield* proposeNew({ name, scopes, expiry }, rules, policy, now)
    const held = yield* ownersScopes(ownedBy)
    const closed = held === "all" ? catalogue.scopes : catalogue.close(held)
    const excess = proposal.scopes.filter((scope) => !closed.includes(scope))
    if (excess.length > 0) return yield* new ScopeNotHeld({ scopes: excess, on: "owner" })
    const token = ApiToken.issue(
      {
        ...proposal,
        id: TokenId.make(now, random.bytes(TokenId.randomByteCount)),
        ownedBy,
        issuedTo: Option.fromUndefinedOr(issuedTo),
        ancestors: [],
      },
      { digest, keyId: Option.none() },
      now,
      by,
    )
    yield* repository.insert(token)
    return token
  })

  /** A span keeps what it ends with, so the plaintext stays outside of it. */
  const issue = (request: Request.IssueRequest) =>
    Effect.suspend(() => {
      const plaintext = makePlaintext(format, random)
      return Effect.map(insertNew(request, hasher.sha256(plaintext)), (token): Issued => ({ plaintext, token }))
    })

  const verifyAt: ApiTokens["Service"]["verifyAt"] = (presented, requirement, now) =>
    requirement === undefined
      ? verifier(presented, noScopes, now)
      : isListOfStrings(requirement?.scopes)
        ? verifier(presented, requirement.scopes, now)
        : Exit.die(new InvalidInput({ issues: [{ path: ["scopes"], message: "must be a list of required scopes" }] }))

  const verify: ApiTokens["Service"]["verify"] = (presented, requirement) =>
    Effect.withFiber((fiber) => {
      const now = { epochMilliseconds: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() }
      const deciding = verifyAt(presented, requirement, now)
      return isVerdict(deciding) ? exitOf(deciding) : Effect.flatMap(deciding, exitOf)
    })

  const findOwned = Effect.fnUntraced(function* ({ id, ownedBy }: Request.FindRequest) {
    if (!TokenId.is(id)) return yield* new TokenNotFound({ id: "" })
    const found = yield* repository.findById(id)
    return Option.isSome(found) && found.value.ownedBy === ownedBy ? found.value : yield* new TokenNotFound({ id })
  })

  const find = Effect.fn("ApiTokens.find")(function* (request: Request.FindRequest) {
    return yield* findOwned(yield* Request.parseRequest(Request.FindRequest, request))
  })

  const list = Effect.fn("ApiTokens.list")(function* (request: Request.ListRequest) {
    const { ownedBy, state = "any", limit = 20, cursor } = yield* Request.parseRequest(Request.ListRequest, request)
    const after = Option.fromUndefinedOr(cursor === undefined ? undefined : ListCursor.decode(cursor, TokenId.is))
    const now = yield* currentInstant
    const found = yield* repository.listOwnedBy({ ownedBy: ownedBy as OwnerId, state, now, after, limit: limit + 1 })
    const items = found.slice(0, limit)
    const last = Option.fromUndefinedOr(found.length > limit ? items.at(-1) : undefined)
    return { items, nextCursor: Option.map(last, ListCursor.encode) }
  })

  /** Reads, decides and writes under the revision that was read; after a lost race, all over again. */
  const change = <E>(
    request: Request.FindRequest,
    decide: (token: ApiToken, now: DateTime.Utc) => Effect.Effect<ApiToken, E>,
  ) =>
    Effect.gen(function* () {
      const token = yield* findOwned(request)
      const changed = yield* decide(token, yield* currentInstant)
      if (changed !== token) yield* repository.replace(changed, token.revision)
      return changed
    }).pipe(Effect.catchTag("DuplicateToken", Effect.die))

  const applyEdit = Effect.fn("ApiTokens.edit")(function* (request: Request.EditRequest) {
    const { name, scopes, by = unattributed } = request
    const expiry = yield* Request.requestedExpiry(request)
    return yield* change(request, (token, now) =>
      Effect.gen(function* () {
        const state = stateOf(token, now)
        if (state !== "live") return yield* new TokenNotLive({ id: token.id, state })
        const proposal = yield* proposeChange(token, { name, scopes, expiry }, rules, now)
        return token
          .rename(proposal.name, now, by)
          .narrow(proposal.scopes, now, by)
          .shorten(proposal.expiresAt, now, by)
      }),
    ).pipe(Effect.retry({ while: isLostRace, schedule: afterLostRace, times: 200 }))
  })

  const revoke = Effect.fn("ApiTokens.revoke")(function* (input: Request.RevokeRequest) {
    const request = yield* Request.parseRequest(Request.RevokeRequest, input)
    const { reason = onRequest, by = unattributed } = request
    return yield* change(request, (token, now) => Effect.succeed(token.revoke({ at: now, reason }, by))).pipe(
      Effect.retry({ while: isLostRace, schedule: afterLostRace }),
      Effect.catchTag("RevisionConflict", Effect.die),
    )
  })

  const revokeOwnedBy = Effect.fn("ApiTokens.revokeOwnedBy")(function* (input: Request.RevokeOwnedByRequest) {
    const {
      ownedBy,
      reason = onRequest,
      by = unattributed,
    } = yield* Request.parseRequest(Request.RevokeOwnedByRequest, input)
    return yield* repository.revokeOwnedBy(ownedBy as OwnerId, { at: yield* currentInstant, reason }, by)
  })

  return ApiTokens.of({
    issue,
    verify,
    verifyAt,
    find,
    list,
    rename: (request) => Effect.flatMap(Request.parseRequest(Request.RenameRequest, request), applyEdit),
    narrow: (request) => Effect.flatMap(Request.parseRequest(Request.NarrowRequest, request), applyEdit),
    shorten: (request) => Effect.flatMap(Request.parseRequest(Request.ShortenRequest, request), applyEdit),
    edit: (request) => Effect.flatMap(Request.parseRequest(Request.EditRequest, request), applyEdit),
    revoke,
    revokeOwnedBy,
  })
})

/** The present to the millisecond, also where a clock for tests counts in fractions of one. */
const currentInstant = Effect.map(Clock.currentTimeMillis, (milliseconds) => DateTime.makeUnsafe(milliseconds))

const onRequest = "on request"
const noScopes: ReadonlyArray<string> = []

const exitOf = (verdict: Verdict): Exit.Exit<Caller, Refusal> =>
  verdict.accepted ? Exit.succeed(verdict.caller) : Exit.fail(verdict.refusal)

const isListOfStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((element) => typeof element === "string")

const isLostRace = (error: { readonly _tag: string }): boolean => error._tag === "RevisionConflict"

/** Somebody else's write succeeded, so this one may be tried again soon; jitter keeps many from marching in step. */
const afterLostRace = Schedule.spaced("5 millis").pipe(Schedule.jittered)
