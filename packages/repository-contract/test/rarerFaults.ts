/** One fault for each other kind of law. */
import { ApiToken } from "@tokenry/core"
import type { ApiTokenRepository, FoundToken, OwnerId } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type Fault, fault, later } from "./faults.ts"

type Repository = ApiTokenRepository["Service"]

const endOfTime = DateTime.makeUnsafe(8_640_000_000_000_000)

/** Repositories that change what they are given to write. */
const writing = (alter: (token: ApiToken) => ApiToken) => (right: Repository) => ({
  insert: (token: ApiToken) => right.insert(alter(token)),
  replace: (token: ApiToken, expectedRevision: number) => right.replace(alter(token), expectedRevision),
})

const rememberingOldDigests = (right: Repository): Partial<Repository> => {
  const everFound = new Map<string, FoundToken>()
  return {
    findByDigest: (candidates) =>
      Effect.map(right.findByDigest(candidates), (found) => {
        const [digest] = candidates
        if (digest === undefined) return found
        if (Option.isSome(found)) everFound.set(digest.hex, found.value)
        return Option.fromUndefinedOr(everFound.get(digest.hex))
      }),
  }
}

const purgingWithoutLineage = (right: Repository): Partial<Repository> => ({
  purge: (diedBefore) =>
    Effect.gen(function* () {
      const live = yield* Stream.runCollect(right.liveCreatedBefore(endOfTime, diedBefore))
      const count = yield* right.purge(diedBefore)
      let survivors = 0
      for (const token of live) {
        if (Option.isSome(yield* right.findById(token.id))) continue
        survivors++
        yield* Effect.orDie(right.insert(token))
      }
      return count - survivors
    }),
})

export const rarerFaults: ReadonlyArray<Fault> = [
  fault("a conflict unnoticed", "replacing another revision is a conflict, and writes nothing", (right) => ({
    replace: (token) =>
      Effect.flatMap(right.findById(token.id), (stored) =>
        right.replace(token, Option.match(stored, { onNone: () => 1, onSome: ({ revision }) => revision })),
      ),
  })),
  fault("a replace that inserts", "replacing a deleted token is a conflict, and writes nothing", (right) => ({
    replace: (token, expectedRevision) =>
      Effect.catchTag(right.replace(token, expectedRevision), "RevisionConflict", () => right.insert(token)),
  })),
  fault(
    "a digest that outlives its secret",
    "a digest that a replace removed isn't found any more, and can be used again",
    rememberingOldDigests,
  ),
  fault(
    "a cache that no write clears",
    "every later read, on any connection, sees a finished write",
    rememberingOldDigests,
  ),
  fault("only the first candidate", "a digest finds its token and secret, whatever their state", (right) => ({
    findByDigest: (candidates) => right.findByDigest(candidates.slice(0, 1)),
  })),
  fault(
    "an expiry that comes late",
    "a token is live until the instant it expires, and dead from then on",
    (right) => ({
      listOwnedBy: (query) => right.listOwnedBy({ ...query, now: later(query.now, -1) }),
    }),
  ),
  fault("short pages", "every page but the last is full", (right) => ({
    listOwnedBy: (query) => right.listOwnedBy({ ...query, limit: Math.max(1, query.limit - 1) }),
  })),
  fault("a limit of 0 that means all", "a limit below 1 is an error rather than no limit", (right) => ({
    listOwnedBy: (query) => right.listOwnedBy({ ...query, limit: query.limit || 1000 }),
  })),
  fault(
    "an owner that is missing means all",
    "a missing or empty owner is an error, and nothing is read or changed",
    (right) => ({
      revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
        right.revokeIssuedTo(issuedTo, Option.filter(ownedBy, Boolean), revocation, by),
    }),
  ),
  fault("owners in lower case", "a revocation of one owner's tokens touches nobody else's", (right) => ({
    revokeOwnedBy: (ownedBy, revocation, by) =>
      Effect.andThen(
        right.revokeOwnedBy(ownedBy.toLowerCase() as OwnerId, revocation, by),
        right.revokeOwnedBy(ownedBy, revocation, by),
      ),
  })),
  fault(
    "a revocation that forgets from where",
    "a bulk revocation adds one history entry with actor, origin, time and reason",
    (right) => ({
      revokeOwnedBy: (ownedBy, revocation, { actor }) =>
        right.revokeOwnedBy(ownedBy, revocation, { actor, origin: {} }),
    }),
  ),
  fault(
    "a stream of one batch",
    "the stream of what was created before an instant is complete, whole, and the oldest first",
    (right) => ({ liveCreatedBefore: (instant, now) => Stream.take(right.liveCreatedBefore(instant, now), 100) }),
  ),
  fault(
    "an interval with its end",
    "the interval of expiry includes its beginning, and not its end, nor what is revoked or never expires",
    (right) => ({ expiringBetween: (from, to) => right.expiringBetween(from, later(to, 1)) }),
  ),
  fault(
    "a key for each secret",
    "each key that a stored secret names comes once, whatever state the secret is in, and none stands for plain",
    (right) => ({ keyIdsInUse: Effect.map(right.keyIdsInUse, (keyIds) => [...keyIds, ...keyIds]) }),
  ),
  fault(
    "a purge that leaves descendants",
    "a purge removes the tokens minted with what it removes, and no ancestor or sibling",
    purgingWithoutLineage,
  ),
  fault(
    "many replaces that end at the first conflict",
    "of many replaced at once, each is a compare-and-set of its own, and a conflict or a duplicate affects no other",
    (right) => ({
      replaceMany: Effect.fnUntraced(function* (replacements) {
        for (const [index, { token, expectedRevision }] of replacements.entries()) {
          const exit = yield* Effect.exit(right.replace(token, expectedRevision))
          if (Exit.isFailure(exit)) return replacements.slice(index).map(({ token }) => token.id)
        }
        return []
      }),
    }),
  ),
  fault(
    "a list of live tokens that ends a year back",
    "tokens of every lifetime, from an hour to a century, are listed and counted as live until they expire",
    (right) => ({
      listOwnedBy: (query) =>
        Effect.map(right.listOwnedBy(query), (tokens) =>
          tokens.filter(
            ({ createdAt, expiresAt }) =>
              query.state !== "live" ||
              Option.isNone(expiresAt) ||
              createdAt.epochMilliseconds > query.now.epochMilliseconds - 366 * 86_400_000,
          ),
        ),
    }),
  ),
  fault(
    "seconds",
    "instants keep their milliseconds, even far in the past or future",
    writing(
      (token) =>
        new ApiToken({
          ...token,
          createdAt: DateTime.makeUnsafe(Math.floor(token.createdAt.epochMilliseconds / 1000) * 1000),
        }),
    ),
  ),
  fault(
    "normalised texts",
    "unusual text is stored unchanged",
    writing(
      (token) => new ApiToken({ ...token, issuedTo: Option.map(token.issuedTo, (text) => text.normalize("NFC")) }),
    ),
  ),
  fault(
    "no keys",
    "whatever a token holds comes back as it went in, from insert and from replace",
    writing((token) => new ApiToken({ ...token, boundTo: Option.none() })),
  ),
  fault(
    "scopes in order",
    "whatever a token holds comes back as it went in, from insert and from replace",
    writing((token) => new ApiToken({ ...token, scopes: token.scopes.toSorted() })),
  ),
]
