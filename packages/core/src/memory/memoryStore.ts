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
import { ApiToken, diedAt, isOfLineage, type Revocation, stateOf } from "../token/ApiToken.ts"
import type { Attribution } from "../token/Attribution.ts"
import { OwnerId } from "../token/OwnerId.ts"
import type { Scope } from "../token/Scope.ts"
import type { TokenId } from "../token/TokenId.ts"
import { assertWhole, givenInstant, givenText } from "./given.ts"
import { memoryUsage } from "./memoryUsage.ts"
import { type PackedSecret, PackedToken } from "./PackedToken.ts"

/** One process, no persistence. Reads and writes are atomic because everything is synchronous. */
export const makeMemoryStore = Effect.sync(() => {
  const tokens = new Map<TokenId, PackedToken>()
  const byDigest = new Map<string, PackedSecret>()
  const shareScopes = makeShareScopes()

  const usage = memoryUsage((id) => tokens.has(id))

  const isTaken = (token: ApiToken) =>
    token.secrets.some(({ digest }) => (byDigest.get(digest.hex)?.token.id ?? token.id) !== token.id)

  const pack = (token: ApiToken) => new PackedToken(token, shareScopes(token.scopes))

  const add = (packed: PackedToken) => {
    tokens.set(packed.id, packed)
    for (const secret of packed.secrets) byDigest.set(secret.digest.hex, secret)
  }

  const put = (token: ApiToken) => {
    const packed = pack(token)
    remove(token.id)
    add(packed)
  }

  const remove = (id: TokenId) => {
    for (const { digest } of tokens.get(id)?.secrets ?? []) byDigest.delete(digest.hex)
    tokens.delete(id)
  }

  const revokeAll = (predicate: (token: PackedToken) => boolean, revocation: Revocation, by: Attribution) =>
    Effect.sync(() => {
      givenInstant(revocation.at)
      const revoked = [...tokens.values()].filter((token) => Option.isNone(token.revocation) && predicate(token))
      for (const token of revoked) put(token.unpack().revoke(revocation, by))
      return revoked.length
    })

  const pageOf = ({ ownedBy, state, now, lineageOf, after, limit }: ListQuery) =>
    Effect.sync(() => {
      const owner = OwnerId.assert(ownedBy)
      givenInstant(now)
      if (lineageOf !== undefined) givenText(lineageOf)
      const last = Option.map(after, ({ createdAt, id }) => ({
        created: givenInstant(createdAt).epochMilliseconds,
        id: givenText(id),
      }))
      if (!(limit >= 1)) throw new TypeError("A limit must be a number of at least 1")
      return [...tokens.values()]
        .filter(
          (token) =>
            token.ownedBy === owner &&
            (lineageOf === undefined || isOfLineage(token, lineageOf)) &&
            (state === "any" || (stateOf(token, now) === "live") === (state === "live")) &&
            (Option.isNone(last) || newestFirst(last.value, token) < 0),
        )
        .sort(newestFirst)
        .slice(0, limit)
    })

  const repository = ApiTokenRepository.of({
    insert: (token) =>
      Effect.suspend(() => {
        assertWhole(token)
        if (tokens.has(token.id) || isTaken(token)) return Effect.fail(new DuplicateToken({ id: token.id }))
        add(pack(token))
        return Effect.void
      }),

    findById: (id) => Effect.sync(() => Option.fromUndefinedOr(tokens.get(givenText(id))?.unpack())),

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

    listOwnedBy: (query) => Effect.map(pageOf(query), (page) => page.map((token) => token.unpack())),

    countLiveOwnedBy: (ownedBy, now) =>
      Effect.map(pageOf({ ownedBy, state: "live", now, after: Option.none(), limit: Infinity }), (live) => live.length),

    liveCreatedBefore: (instant, now) =>
      Stream.suspend(() => {
        givenInstant(instant)
        givenInstant(now)
        return streamOf(
          [...tokens.values()]
            .filter((token) => token.created < instant.epochMilliseconds && stateOf(token, now) === "live")
            .sort((left, right) => newestFirst(right, left)),
        )
      }),

    expiringBetween: (from, to) =>
      Stream.suspend(() => {
        givenInstant(from)
        givenInstant(to)
        return streamOf(
          [...tokens.values()]
            .filter(
              ({ expiry, revocation }) =>
                Option.isNone(revocation) && expiry >= from.epochMilliseconds && expiry < to.epochMilliseconds,
            )
            .sort(soonestFirst),
        )
      }),

    withKey: (keyId) =>
      Stream.suspend(() =>
        streamOf(
          [...tokens.values()].filter(({ secrets }) =>
            secrets.some((secret) => Option.getOrNull(secret.keyId) === Option.getOrNull(keyId)),
          ),
        ),
      ),

    undelivered: Stream.suspend(() => streamOf([...tokens.values()].filter(({ undelivered }) => undelivered > 0))),

    markDelivered: (id, revision) =>
      Effect.sync(() => {
        const token = tokens.get(givenText(id))
        if (token !== undefined && token.revision === revision) put(new ApiToken({ ...token.unpack(), undelivered: 0 }))
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

/** Beyond this many distinct lists, sharing stops paying off and they are forgotten. */
const mostShared = 1000

/** Lets tokens with equal scopes share one list, which nobody can change. */
const makeShareScopes = () => {
  const lists = new Map<string, ReadonlyArray<Scope>>()
  return (scopes: ReadonlyArray<Scope>): ReadonlyArray<Scope> => {
    const key = scopes.join(" ")
    const known = lists.get(key)
    // Not by the text alone: scopes that were never declared may contain spaces.
    if (known !== undefined && isSameList(known, scopes)) return known
    if (lists.size >= mostShared) lists.clear()
    const kept = Object.freeze([...scopes])
    lists.set(key, kept)
    return kept
  }
}

const isSameList = (left: ReadonlyArray<Scope>, right: ReadonlyArray<Scope>): boolean =>
  left.length === right.length && left.every((scope, index) => scope === right[index])

const streamOf = (tokens: ReadonlyArray<PackedToken>) =>
  Stream.map(Stream.fromIterable(tokens), (token) => token.unpack())

const isBefore = (left: DateTime.Utc, right: DateTime.Utc) => left.epochMilliseconds < right.epochMilliseconds

const newestFirst = (left: Pick<PackedToken, "created" | "id">, right: Pick<PackedToken, "created" | "id">): number =>
  right.created - left.created || Order.String(right.id, left.id)

const soonestFirst = (left: PackedToken, right: PackedToken): number =>
  left.expiry - right.expiry || Order.String(left.id, right.id)
