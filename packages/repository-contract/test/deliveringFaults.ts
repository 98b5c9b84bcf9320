/** Faults in the list of a lineage, in the stream of a key, and in the delivery to an audit sink. */
import { ApiToken } from "@tokenry/core"
import type { ListQuery } from "@tokenry/core/adapter"
import type { Repository } from "@tokenry/repository-contract"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type Fault, fault } from "./faults.ts"

/** A stream that reads batches of 50 by offset, not from where the last one ended. */
const byOffset = <E>(read: () => Stream.Stream<ApiToken, E>) =>
  Stream.paginate(0, (offset: number) =>
    Effect.map(Stream.runCollect(Stream.take(Stream.drop(read(), offset), 50)), (batch) => [
      batch,
      batch.length < 50 ? Option.none<number>() : Option.some(offset + 50),
    ]),
  )

const listing =
  (change: (query: ListQuery, right: Repository) => ReturnType<Repository["listOwnedBy"]>) => (right: Repository) => ({
    listOwnedBy: (query: ListQuery) =>
      query.lineageOf === undefined ? right.listOwnedBy(query) : change(query, right),
  })

export const lineageFaults: ReadonlyArray<Fault> = [
  fault(
    "a lineage of children only",
    "the list of a lineage holds that token and its descendants, at any depth, and nothing else",
    listing((query, right) =>
      Effect.map(right.listOwnedBy(query), (tokens) =>
        tokens.filter(({ id, ancestors }) => id === query.lineageOf || ancestors.at(-1) === query.lineageOf),
      ),
    ),
  ),
  fault(
    "a lineage without its own token",
    "the list of a lineage holds that token and its descendants, at any depth, and nothing else",
    listing((query, right) =>
      Effect.map(right.listOwnedBy(query), (tokens) => tokens.filter(({ id }) => id !== query.lineageOf)),
    ),
  ),
  fault(
    "a lineage whatever the owner",
    "the list of a lineage is empty for any other owner",
    listing((query, right) =>
      Effect.flatMap(right.findById(query.lineageOf ?? ("" as never)), (root) =>
        right.listOwnedBy(
          Option.match(root, { onNone: () => query, onSome: ({ ownedBy }) => ({ ...query, ownedBy }) }),
        ),
      ),
    ),
  ),
  fault(
    "a lineage picked from a page",
    "the list of a lineage is in order, by state and in full pages, like any other",
    listing(({ lineageOf, ...query }, right) =>
      Effect.map(right.listOwnedBy(query), (tokens) => tokens.filter((token) => token.isOfLineage(lineageOf as never))),
    ),
  ),
  fault(
    "a lineage of nobody that means all",
    "a missing or empty lineage id is an error rather than a wildcard",
    ({ listOwnedBy }) => ({
      listOwnedBy: (query) => listOwnedBy({ ...query, lineageOf: query.lineageOf || undefined }),
    }),
  ),
]

export const keyFaults: ReadonlyArray<Fault> = [
  fault(
    "a token for each secret under a key",
    "the stream of a key, or of none, gives each token with a secret under it once, in whatever state",
    (right) => ({
      withKey: (keyId) =>
        Stream.flatMap(right.withKey(keyId), (token) =>
          Stream.fromIterable(
            token.secrets
              .filter((secret) => Option.getOrNull(secret.keyId) === Option.getOrNull(keyId))
              .map(() => token),
          ),
        ),
    }),
  ),
  fault(
    "a key of active secrets only",
    "the stream of a key, or of none, gives each token with a secret under it once, in whatever state",
    (right) => ({
      withKey: (keyId) =>
        Stream.filter(
          right.withKey(keyId),
          ({ secrets }) => Option.getOrNull(secrets[0].keyId) === Option.getOrNull(keyId),
        ),
    }),
  ),
  fault(
    "a key's stream by offset",
    "tokens may be replaced while the stream of their key gives them, and each comes exactly once",
    (right) => ({ withKey: (keyId) => byOffset(() => right.withKey(keyId)) }),
  ),
  fault(
    "a key's stream that begins again",
    "tokens may be replaced while the stream of their key gives them, and each comes exactly once",
    (right) => ({
      withKey: (keyId) =>
        Stream.concat(
          Stream.take(right.withKey(keyId), 50),
          Stream.suspend(() => right.withKey(keyId)),
        ),
    }),
  ),
]

export const deliveringFaults: ReadonlyArray<Fault> = [
  fault(
    "undelivered changes of the dead forgotten",
    "the stream of the undelivered gives each token with undelivered changes once, in whatever state",
    (right) => ({ undelivered: Stream.filter(right.undelivered, ({ revocation }) => Option.isNone(revocation)) }),
  ),
  fault(
    "the undelivered by offset",
    "tokens may be marked as delivered while the stream of undelivered ones returns them, and each comes once",
    (right) => ({ undelivered: byOffset(() => right.undelivered) }),
  ),
  fault(
    "a mark that raises the revision",
    "a token marked as delivered isn't returned again, and otherwise stays as it is",
    (right) => ({
      markDelivered: (id, revision) =>
        Effect.gen(function* () {
          const token = Option.getOrUndefined(yield* right.findById(id))
          if (token?.revision !== revision) return
          yield* Effect.orDie(
            right.replace(new ApiToken({ ...token, undelivered: 0, revision: revision + 1 }), revision),
          )
        }),
    }),
  ),
  fault(
    "a mark under any revision",
    "marking another revision or a deleted token as delivered changes nothing",
    (right) => ({
      markDelivered: (id) =>
        Effect.flatMap(right.findById(id), (token) =>
          Option.isSome(token) ? right.markDelivered(id, token.value.revision) : Effect.void,
        ),
    }),
  ),
  fault(
    "a replace that leaves the mark",
    "replacing a token that was marked as delivered meanwhile makes its changes undelivered again",
    (right) => ({
      replace: (token, expectedRevision) =>
        Effect.flatMap(right.findById(token.id), (stored) =>
          right.replace(
            Option.exists(stored, ({ undelivered }) => undelivered === 0)
              ? new ApiToken({ ...token, undelivered: 0 })
              : token,
            expectedRevision,
          ),
        ),
    }),
  ),
  fault(
    "a mark that looks first and then writes",
    "however replaces and marks interleave, a change made after delivery is never marked as delivered",
    (right) => ({
      markDelivered: (id, revision) =>
        Effect.gen(function* () {
          const token = Option.getOrUndefined(yield* right.findById(id))
          if (token?.revision !== revision) return
          yield* Effect.yieldNow
          const now = Option.getOrElse(yield* right.findById(id), () => token)
          yield* right.markDelivered(id, now.revision)
        }),
    }),
  ),
  fault(
    "a bulk revocation that isn't delivered",
    "a bulk revocation makes a delivered token undelivered again",
    (right) => ({
      revokeOwnedBy: (ownedBy, revocation, by) =>
        Effect.tap(right.revokeOwnedBy(ownedBy, revocation, by), () =>
          Stream.runForEach(
            Stream.filter(right.undelivered, (token) => token.ownedBy === ownedBy),
            ({ id, revision }) => right.markDelivered(id, revision),
          ),
        ),
    }),
  ),
  fault("a mark under no revision", "a missing id or revision marks no token as delivered", (right) => ({
    markDelivered: (id, revision: number | undefined) =>
      Effect.flatMap(right.findById(id), (token) =>
        Option.isSome(token) ? right.markDelivered(id, revision ?? token.value.revision) : Effect.void,
      ),
  })),
]
