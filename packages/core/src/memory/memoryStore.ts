/** The token repository in memory, with its usage store. */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Stream from "effect/Stream"
import { DuplicateToken, RevisionConflict } from "../errors.ts"
import { ApiTokenRepository, type FoundToken, type ListQuery } from "../ports/ApiTokenRepository.ts"
import { TokenUsageStore } from "../ports/TokenUsageStore.ts"
import { ApiToken, diedAt, type Revocation, stateOf } from "../token/ApiToken.ts"
import type { Attribution } from "../token/Attribution.ts"
import { OwnerId } from "../token/OwnerId.ts"
import type { TokenId } from "../token/TokenId.ts"
import { assertWhole, givenInstant, givenText } from "./given.ts"
import { memoryUsage } from "./memoryUsage.ts"

/** One process, no persistence. Reads and writes are atomic because everything is synchronous. */
export const makeMemoryStore = Effect.sync(() => {
  const tokens = new Map<TokenId, ApiToken>()
  const byDigest = new Map<string, FoundToken>()

  const usage = memoryUsage((id) => tokens.has(id))

  const isTaken = (token: ApiToken) =>
    token.secrets.some(({ digest }) => (byDigest.get(digest.hex)?.token.id ?? token.id) !== token.id)

  /** Frozen, because callers receive the stored object itself. */
  const put = (token: ApiToken) => {
    remove(token.id)
    for (const list of [token.scopes, token.ancestors, token.secrets, token.history]) Object.freeze(list)
    tokens.set(token.id, token)
    for (const secret of token.secrets) byDigest.set(secret.digest.hex, { token, secret })
  }

  const remove = (id: TokenId) => {
    for (const { digest } of tokens.get(id)?.secrets ?? []) byDigest.delete(digest.hex)
    tokens.delete(id)
  }

  const revokeAll = (predicate: (token: ApiToken) => boolean, revocation: Revocation, by: Attribution) =>
    Effect.sync(() => {
      givenInstant(revocation.at)
      const revoked = [...tokens.values()].filter((token) => Option.isNone(token.revocation) && predicate(token))
      for (const token of revoked) put(token.revoke(revocation, by))
      return revoked.length
    })

  const listOwnedBy = ({ ownedBy, state, now, lineageOf, after, limit }: ListQuery) =>
    Effect.sync(() => {
      const owner = OwnerId.assert(ownedBy)
      givenInstant(now)
      if (lineageOf !== undefined) givenText(lineageOf)
      if (Option.isSome(after)) {
        givenInstant(after.value.createdAt)
        givenText(after.value.id)
      }
      if (!(limit >= 1)) throw new TypeError("A limit must be a number of at least 1")
      return [...tokens.values()]
        .filter(
          (token) =>
            token.ownedBy === owner &&
            (lineageOf === undefined || token.isOfLineage(lineageOf)) &&
            (state === "any" || (stateOf(token, now) === "live") === (state === "live")) &&
            (Option.isNone(after) || newestFirst(after.value, token) < 0),
        )
        .sort(newestFirst)
        .slice(0, limit)
    })

  const repository = ApiTokenRepository.of({
    insert: (token) =>
      Effect.suspend(() => {
        assertWhole(token)
        if (tokens.has(token.id) || isTaken(token)) return Effect.fail(new DuplicateToken({ id: token.id }))
        put(token)
        return Effect.void
      }),

    findById: (id) => Effect.sync(() => Option.fromUndefinedOr(tokens.get(givenText(id)))),

    findManyById: (ids) => Effect.sync(() => ids.flatMap((id) => tokens.get(givenText(id)) ?? [])),

    findByDigest: (candidates) => {
      for (const digest of candidates) {
        const found = byDigest.get(digest.hex)
        if (found !== undefined) return Exit.succeed(Option.some(found))
      }
      return nothingFound
    },

    replace: (token, expectedRevision) =>
      Effect.suspend((): Effect.Effect<void, RevisionConflict | DuplicateToken> => {
        assertWhole(token)
        const stored = tokens.get(token.id)
        if (stored === undefined || stored.revision !== expectedRevision)
          return Effect.fail(new RevisionConflict({ id: token.id }))
        if (isTaken(token)) return Effect.fail(new DuplicateToken({ id: token.id }))
        put(token)
        return Effect.void
      }),

    revokeOwnedBy: (ownedBy, revocation, by) =>
      Effect.suspend(() => {
        const owner = OwnerId.assert(ownedBy)
        return revokeAll((token) => token.ownedBy === owner, revocation, by)
      }),

    revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
      Effect.suspend(() => {
        const thirdParty = givenText(issuedTo)
        const owner = Option.map(ownedBy, OwnerId.assert)
        return revokeAll(
          (token) =>
            Option.contains(token.issuedTo, thirdParty) && (Option.isNone(owner) || token.ownedBy === owner.value),
          revocation,
          by,
        )
      }),

    listOwnedBy,

    countLiveOwnedBy: (ownedBy, now) =>
      Effect.map(
        listOwnedBy({ ownedBy, state: "live", now, after: Option.none(), limit: Infinity }),
        (live) => live.length,
      ),

    liveCreatedBefore: (instant, now) =>
      Stream.suspend(() => {
        givenInstant(instant)
        givenInstant(now)
        return Stream.fromIterable(
          [...tokens.values()]
            .filter((token) => isBefore(token.createdAt, instant) && stateOf(token, now) === "live")
            .sort((left, right) => newestFirst(right, left)),
        )
      }),

    expiringBetween: (from, to) =>
      Stream.suspend(() => {
        givenInstant(from)
        givenInstant(to)
        return Stream.fromIterable(
          [...tokens.values()]
            .filter(
              ({ expiresAt, revocation }) =>
                Option.isNone(revocation) &&
                Option.exists(expiresAt, (expiry) => !isBefore(expiry, from) && isBefore(expiry, to)),
            )
            .sort(soonestFirst),
        )
      }),

    withKey: (keyId) =>
      Stream.suspend(() =>
        Stream.fromIterable(
          [...tokens.values()].filter(({ secrets }) =>
            secrets.some((secret) => Option.getOrNull(secret.keyId) === Option.getOrNull(keyId)),
          ),
        ),
      ),

    undelivered: Stream.suspend(() =>
      Stream.fromIterable([...tokens.values()].filter(({ undelivered }) => undelivered > 0)),
    ),

    markDelivered: (id, revision) =>
      Effect.sync(() => {
        const token = tokens.get(givenText(id))
        if (token !== undefined && token.revision === revision) put(new ApiToken({ ...token, undelivered: 0 }))
      }),

    keyIdsInUse: Effect.sync(() => {
      const keyIds = [...tokens.values()].flatMap(({ secrets }) => secrets.map(({ keyId }) => keyId))
      return [...new Map(keyIds.map((keyId) => [Option.getOrNull(keyId), keyId])).values()]
    }),

    purge: (diedBefore) =>
      Effect.sync(() => {
        givenInstant(diedBefore)
        const dead = new Set(
          [...tokens.values()]
            .filter((token) => Option.exists(diedAt(token), (at) => isBefore(at, diedBefore)))
            .map(({ id }) => id),
        )
        const lineage = [...tokens.values()].filter(
          ({ id, ancestors }) => dead.has(id) || ancestors.some((ancestor) => dead.has(ancestor)),
        )
        for (const { id } of lineage) {
          remove(id)
          usage.forget(id)
        }
        return lineage.length
      }),
  })
  return Context.make(ApiTokenRepository, repository).pipe(Context.add(TokenUsageStore, usage.store))
})

const nothingFound = Exit.succeed(Option.none<FoundToken>())

const isBefore = (left: DateTime.Utc, right: DateTime.Utc) => left.epochMilliseconds < right.epochMilliseconds

const newestFirst = (left: Pick<ApiToken, "createdAt" | "id">, right: Pick<ApiToken, "createdAt" | "id">): number =>
  right.createdAt.epochMilliseconds - left.createdAt.epochMilliseconds || Order.String(right.id, left.id)

const soonestFirst = (left: ApiToken, right: ApiToken): number =>
  expiryOf(left) - expiryOf(right) || Order.String(left.id, right.id)

const expiryOf = ({ expiresAt }: ApiToken) => (Option.isSome(expiresAt) ? expiresAt.value.epochMilliseconds : Infinity)
