/** A repository on the eight functions of a `PromiseStore`. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { DamagedToken, DuplicateToken, RepositoryUnavailable, RevisionConflict } from "../errors.ts"
import { assertWhole, givenInstant, givenText } from "../memory/given.ts"
import { ApiTokenRepository, type FoundToken, type ListQuery } from "../ports/ApiTokenRepository.ts"
import { ApiToken, diedAt, type Revocation, stateOf } from "../token/ApiToken.ts"
import type { Attribution } from "../token/Attribution.ts"
import { OwnerId } from "../token/OwnerId.ts"
import type { Secret } from "../token/Secret.ts"
import type { TokenId } from "../token/TokenId.ts"
import type { PromiseStore } from "./repositoryFromPromises.ts"
import { type StoredToken, storedTokenOf, tokenOfStored } from "./StoredToken.ts"

const pageSize = 100

export const repositoryOn = (store: PromiseStore): ApiTokenRepository["Service"] => {
  const insert = (token: ApiToken) =>
    Effect.suspend(() => {
      assertWhole(token)
      const stored = storedTokenOf(token)
      return Effect.flatMap(
        call("insert", () => store.insert(stored)),
        (outcome) => (outcome === "inserted" ? Effect.void : Effect.fail(new DuplicateToken({ id: token.id }))),
      )
    })

  const replace = (token: ApiToken, expectedRevision: number, operation = "replace") =>
    Effect.suspend(() => {
      assertWhole(token)
      if (!Number.isSafeInteger(expectedRevision)) throw new TypeError("A revision was expected")
      const stored = storedTokenOf(token)
      return Effect.flatMap(
        call(operation, () => store.replace(stored, expectedRevision)),
        (outcome): Effect.Effect<void, RevisionConflict | DuplicateToken> => {
          if (outcome === "replaced") return Effect.void
          return Effect.fail(
            outcome === "conflict" ? new RevisionConflict({ id: token.id }) : new DuplicateToken({ id: token.id }),
          )
        },
      )
    })

  const findById = (id: TokenId) =>
    Effect.suspend(() => {
      givenText(id)
      return Effect.map(
        call("findById", () => store.findById(id)),
        (stored) => Option.map(Option.fromNullOr(stored), tokenOfStored),
      )
    })

  /** An owner's tokens from a position on, page by page. */
  const ownedBy = (operation: string, owner: OwnerId, after: ListQuery["after"]) =>
    Stream.paginate(
      Option.getOrNull(Option.map(after, ({ createdAt, id }) => ({ createdAt: dateOf(createdAt), id: String(id) }))),
      (position) =>
        Effect.map(
          call(operation, () => store.listOwnedBy({ ownedBy: owner, after: position, limit: pageSize })),
          (page) => [page, nextOf(page, ({ createdAt, id }) => ({ createdAt, id }))] as const,
        ),
    ).pipe(Stream.filterMapEffect(readable))

  /** All tokens of the store, page by page. */
  const all = (operation: string) =>
    Stream.paginate(null as string | null, (after) =>
      Effect.map(
        call(operation, () => store.scan({ after, limit: pageSize })),
        (page) => [page, nextOf(page, ({ id }) => id)] as const,
      ),
    ).pipe(Stream.filterMapEffect(readable))

  const revokeAll = (
    operation: string,
    tokens: Stream.Stream<ApiToken, RepositoryUnavailable>,
    revocation: Revocation,
    by: Attribution,
  ) =>
    Stream.runFoldEffect(
      tokens,
      () => 0,
      (count, token) =>
        Effect.map(revokeOne(operation, token.id, revocation, by), (revoked) => count + Number(revoked)),
    )

  const revokeOne = (operation: string, id: TokenId, revocation: Revocation, by: Attribution) =>
    Effect.gen(function* () {
      const token = Option.getOrUndefined(yield* findById(id))
      if (token === undefined || Option.isSome(token.revocation)) return false
      yield* replace(token.revoke(revocation, by), token.revision, operation)
      return true
    }).pipe(
      Effect.retry({ while: (error) => error._tag === "RevisionConflict" }),
      Effect.catchTag("DuplicateToken", Effect.die),
    )

  return ApiTokenRepository.of({
    insert,
    findById,
    findManyById: (ids) =>
      ids.length === 0
        ? Effect.succeed([])
        : Effect.suspend(() => {
            ids.forEach(givenText)
            return Effect.map(
              call("findManyById", () => store.findManyById(ids)),
              (tokens) => tokens.map(tokenOfStored),
            )
          }),
    findByDigest: (candidates) => {
      const digests = candidates.map(({ hex }) => hex)
      return Effect.map(
        call("findByDigest", () => store.findByDigest(digests)),
        (stored) => Option.map(Option.fromNullOr(stored), (stored) => foundOf(tokenOfStored(stored), digests)),
      )
    },
    replace: (token, expectedRevision) => replace(token, expectedRevision),
    revokeOwnedBy: (owner, revocation, by) =>
      Effect.suspend(() => {
        givenInstant(revocation.at)
        const tokens = ownedBy("revokeOwnedBy", OwnerId.assert(owner), Option.none())
        return revokeAll("revokeOwnedBy", tokens, revocation, by)
      }),
    revokeIssuedTo: (issuedTo, owner, revocation, by) =>
      Effect.suspend(() => {
        givenInstant(revocation.at)
        const thirdParty = givenText(issuedTo)
        const candidates = Option.match(Option.map(owner, OwnerId.assert), {
          onNone: () => all("revokeIssuedTo"),
          onSome: (owner) => ownedBy("revokeIssuedTo", owner, Option.none()),
        })
        const tokens = Stream.filter(candidates, (token) => Option.contains(token.issuedTo, thirdParty))
        return revokeAll("revokeIssuedTo", tokens, revocation, by)
      }),
    listOwnedBy: ({ ownedBy: owner, state, now, lineageOf, after, limit }) =>
      Effect.suspend(() => {
        givenInstant(now)
        if (lineageOf !== undefined) givenText(lineageOf)
        if (Option.isSome(after)) givenText(after.value.id)
        if (!(limit >= 1)) throw new TypeError("A limit must be a number of at least 1")
        return ownedBy("listOwnedBy", OwnerId.assert(owner), after).pipe(
          Stream.filter(
            (token) =>
              (lineageOf === undefined || token.isOfLineage(lineageOf)) &&
              (state === "any" || (stateOf(token, now) === "live") === (state === "live")),
          ),
          Stream.take(limit),
          Stream.runCollect,
        )
      }),
    countLiveOwnedBy: (owner, now) =>
      Effect.suspend(() => {
        givenInstant(now)
        return ownedBy("countLiveOwnedBy", OwnerId.assert(owner), Option.none()).pipe(
          Stream.filter((token) => stateOf(token, now) === "live"),
          Stream.runCount,
        )
      }),
    liveCreatedBefore: (instant, now) =>
      Stream.suspend(() => {
        givenInstant(instant)
        givenInstant(now)
        return sorted(
          Stream.filter(
            all("liveCreatedBefore"),
            (token) => isBefore(token.createdAt, instant) && stateOf(token, now) === "live",
          ),
          ({ createdAt }) => createdAt.epochMilliseconds,
        )
      }),
    expiringBetween: (from, to) =>
      Stream.suspend(() => {
        givenInstant(from)
        givenInstant(to)
        return sorted(
          Stream.filter(
            all("expiringBetween"),
            ({ expiresAt, revocation }) =>
              Option.isNone(revocation) &&
              Option.exists(expiresAt, (expiry) => !isBefore(expiry, from) && isBefore(expiry, to)),
          ),
          ({ expiresAt }) => (Option.isSome(expiresAt) ? expiresAt.value.epochMilliseconds : Infinity),
        )
      }),
    withKey: (keyId) =>
      Stream.filter(all("withKey"), ({ secrets }) =>
        secrets.some((secret) => Option.getOrNull(secret.keyId) === Option.getOrNull(keyId)),
      ),
    undelivered: Stream.filter(all("undelivered"), ({ undelivered }) => undelivered > 0),
    markDelivered: (id, revision) =>
      Effect.gen(function* () {
        const token = Option.getOrUndefined(yield* findById(id))
        if (token?.revision !== revision) return
        yield* replace(new ApiToken({ ...token, undelivered: 0 }), revision, "markDelivered")
      }).pipe(
        // A concurrent change replaced the token, so its changes are undelivered.
        Effect.catchTag("RevisionConflict", () => Effect.void),
        Effect.catchTag("DuplicateToken", Effect.die),
      ),
    keyIdsInUse: Stream.runFold(
      all("keyIdsInUse"),
      () => new Map<string | null, Secret["keyId"]>(),
      (keyIds, { secrets }) => {
        for (const { keyId } of secrets) keyIds.set(Option.getOrNull(keyId), keyId)
        return keyIds
      },
    ).pipe(Effect.map((keyIds) => [...keyIds.values()])),
    purge: (diedBefore) =>
      Effect.gen(function* () {
        givenInstant(diedBefore)
        const isDead = (token: ApiToken) => Option.exists(diedAt(token), (at) => isBefore(at, diedBefore))
        const dead = new Set(yield* Stream.runCollect(Stream.map(Stream.filter(all("purge"), isDead), ({ id }) => id)))
        const lineage = all("purge").pipe(
          Stream.filter(({ id, ancestors }) => dead.has(id) || ancestors.some((ancestor) => dead.has(ancestor))),
          Stream.map(({ id }) => id),
          Stream.grouped(pageSize),
        )
        return yield* Stream.runFoldEffect(
          lineage,
          () => 0,
          (count, ids) =>
            Effect.map(
              call("purge", () => store.remove(ids)),
              (removed) => count + removed,
            ),
        )
      }),
  })
}

const call = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, RepositoryUnavailable> =>
  Effect.tryPromise({ try: run, catch: (cause) => new RepositoryUnavailable({ operation, cause }) })

const foundOf = (token: ApiToken, digests: ReadonlyArray<string>): FoundToken => {
  const secret = token.secrets.find(({ digest }) => digests.includes(digest.hex))
  if (secret === undefined) throw new DamagedToken({ id: token.id, field: "secrets" })
  return { token, secret }
}

/** Skips and logs a token that can't be read. */
const readable = (stored: StoredToken) =>
  Effect.suspend(() => Effect.succeed(Result.succeed(tokenOfStored(stored)))).pipe(
    Effect.catchDefect((defect) =>
      defect instanceof DamagedToken
        ? Effect.as(
            Effect.logWarning("Skipped a damaged token").pipe(
              Effect.annotateLogs({ id: defect.id, field: defect.field }),
            ),
            Result.fail(undefined),
          )
        : Effect.die(defect),
    ),
  )

const nextOf = <A>(page: ReadonlyArray<StoredToken>, positionOf: (last: StoredToken) => A): Option.Option<A> => {
  const last = page.at(-1)
  return page.length < pageSize || last === undefined ? Option.none() : Option.some(positionOf(last))
}

const sorted = (
  tokens: Stream.Stream<ApiToken, RepositoryUnavailable>,
  by: (token: ApiToken) => number,
): Stream.Stream<ApiToken, RepositoryUnavailable> =>
  Stream.unwrap(
    Effect.map(Stream.runCollect(tokens), (all) =>
      Stream.fromIterable([...all].sort((left, right) => by(left) - by(right) || Order.String(left.id, right.id))),
    ),
  )

const dateOf = (instant: DateTime.Utc): Date => new Date(givenInstant(instant).epochMilliseconds)

const isBefore = (left: DateTime.Utc, right: DateTime.Utc) => left.epochMilliseconds < right.epochMilliseconds
