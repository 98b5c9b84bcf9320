/** Repositories that are right but for one fault, to see that the contract can fail. */
import { ApiToken, MemoryRepository, RevisionConflict } from "@tokenry/core"
import { ApiTokenRepository, type OwnerId } from "@tokenry/core/adapter"
import type { LawName, Repository } from "@tokenry/repository-contract"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

export interface Fault {
  readonly name: string
  /** The law that names the fault. */
  readonly breaks: LawName
  readonly layer: Layer.Layer<ApiTokenRepository>
}

export const fault = (name: string, breaks: LawName, change: (right: Repository) => Partial<Repository>): Fault => ({
  name,
  breaks,
  layer: Layer.effect(
    ApiTokenRepository,
    Effect.map(ApiTokenRepository, (right) => ({ ...right, ...change(right) })),
  ).pipe(Layer.provide(MemoryRepository.layer)),
})

const allOf = (right: Repository, ownedBy: OwnerId) =>
  right.listOwnedBy({ ownedBy, state: "any", now: epoch, after: Option.none(), limit: 1000 })

const epoch = DateTime.makeUnsafe(0)
export const later = (instant: DateTime.Utc, milliseconds: number) =>
  DateTime.makeUnsafe(Math.min(instant.epochMilliseconds + milliseconds, 8_640_000_000_000_000))

/** The six that stores are most likely to have. */
export const commonFaults: ReadonlyArray<Fault> = [
  fault("a lost update", "of many concurrent replaces under one revision, exactly one succeeds", (right) => ({
    replace: (token, expectedRevision) =>
      Effect.gen(function* () {
        const stored = Option.getOrUndefined(yield* right.findById(token.id))
        if (stored?.revision !== expectedRevision) return yield* new RevisionConflict({ id: token.id })
        yield* Effect.yieldNow
        const now = Option.getOrElse(yield* right.findById(token.id), () => stored)
        yield* right.replace(token, now.revision)
      }),
  })),

  fault(
    "a duplicate accepted",
    "a digest that exists already is a duplicate, and nothing of the second token is written",
    (right) => ({ insert: (token) => Effect.catchTag(right.insert(token), "DuplicateToken", () => Effect.void) }),
  ),

  fault("an unstable page", "pages return each token once, even when hundreds share one instant", (right) => ({
    listOwnedBy: (query) =>
      Effect.map(right.listOwnedBy({ ...query, after: Option.none(), limit: 1000 }), (tokens) =>
        tokens
          .filter((token) =>
            Option.match(query.after, {
              onNone: () => true,
              onSome: ({ createdAt }) => token.createdAt.epochMilliseconds < createdAt.epochMilliseconds,
            }),
          )
          .slice(0, query.limit),
      ),
  })),

  fault("a purge too greedy", "a purge keeps a token that dies at exactly its instant", (right) => ({
    purge: (diedBefore) => right.purge(later(diedBefore, 1)),
  })),

  fault(
    "a revoke that overwrites the first",
    "a bulk revocation is idempotent, and the first revocation stays",
    (right) => ({
      revokeOwnedBy: (ownedBy, revocation, by) =>
        Effect.gen(function* () {
          const tokens = yield* Effect.orDie(allOf(right, ownedBy))
          for (const token of tokens) {
            const revoked = new ApiToken({ ...token, revocation: Option.none() }).revoke(revocation, by)
            yield* Effect.orDie(right.replace(revoked, token.revision))
          }
          return tokens.filter(({ revocation }) => Option.isNone(revocation)).length
        }),
    }),
  ),

  fault(
    "a bulk revoke that leaves the revision",
    "a bulk revocation raises the revision, so a replace that was read before conflicts",
    (right) => ({
      revokeOwnedBy: (ownedBy, revocation, by) =>
        Effect.gen(function* () {
          const before = yield* allOf(right, ownedBy)
          const count = yield* right.revokeOwnedBy(ownedBy, revocation, by)
          for (const { revision, id } of before) {
            const revoked = Option.getOrThrow(yield* right.findById(id))
            yield* Effect.orDie(right.replace(new ApiToken({ ...revoked, revision }), revoked.revision))
          }
          return count
        }),
    }),
  ),
]
