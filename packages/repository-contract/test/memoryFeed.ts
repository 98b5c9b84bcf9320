/** The memory repository with a feed of changes, through any number of ways into one store; right, or with a fault. */
import { type ApiToken, MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, OwnerId, type TokenChangeListener, TokenChanges } from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

type Repository = ApiTokenRepository["Service"]
type Changes = TokenChanges["Service"]

/** Those who listen, whichever way they came in. */
class Listeners extends Context.Service<Listeners, Set<TokenChangeListener>>()("test/Listeners") {
  static readonly layer = Layer.sync(Listeners, () => new Set())
}

/** What a fault may replace: how a write is reported, and the feed itself. */
export interface FeedFault {
  readonly reporting?: (report: Report, method: Reported) => Report
  /** Whether a report precedes its write. */
  readonly isHasty?: boolean
  readonly changes?: (changes: Changes, listeners: Set<TokenChangeListener>) => Partial<Changes>
}

/** Reports that these tokens changed. */
export type Report = (ids: ReadonlyArray<ApiToken["id"]>) => void
export type Reported = "insert" | "replace" | "revokeOwnedBy" | "revokeIssuedTo" | "purge"

export const memoryWithFeed = ({ reporting, isHasty = false, changes: fault }: FeedFault = {}) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const repository = yield* ApiTokenRepository
      const listeners = yield* Listeners
      const report: Report = (ids) => {
        for (const { tokenChanged } of listeners) ids.forEach(tokenChanged)
      }
      const reportOf = (method: Reported) => reporting?.(report, method) ?? report

      const one = <A, E>(method: Reported, { id }: ApiToken, write: Effect.Effect<A, E>) =>
        isHasty
          ? Effect.andThen(
              Effect.sync(() => reportOf(method)([id])),
              Effect.delay(write, 50),
            )
          : Effect.tap(write, () => Effect.sync(() => reportOf(method)([id])))

      /** Reports every token that the write could have changed: all there were. */
      const many = <A, E>(method: Reported, write: Effect.Effect<A, E>) =>
        Effect.gen(function* () {
          const before = yield* Stream.runCollect(repository.undelivered)
          const outcome = yield* write
          reportOf(method)(before.map(({ id }) => id))
          return outcome
        })

      const decorated: Repository = {
        ...repository,
        insert: (token) => one("insert", token, repository.insert(token)),
        replace: (token, revision) => one("replace", token, repository.replace(token, revision)),
        revokeOwnedBy: (...of) => many("revokeOwnedBy", repository.revokeOwnedBy(...of)),
        revokeIssuedTo: (...of) => many("revokeIssuedTo", repository.revokeIssuedTo(...of)),
        purge: (...of) => many("purge", repository.purge(...of)),
      }
      const changes: Changes = {
        follow: (listener) =>
          Effect.map(
            Effect.acquireRelease(
              Effect.sync(() => listeners.add(listener)),
              () => Effect.sync(() => listeners.delete(listener)),
            ),
            () => () => listeners.has(listener),
          ),
        announceOwner: (ownedBy) =>
          Effect.sync(() => {
            const owner = OwnerId.assert(ownedBy)
            for (const { ownerChanged } of listeners) ownerChanged(owner)
          }),
      }
      return Context.make(ApiTokenRepository, decorated).pipe(
        Context.add(TokenChanges, { ...changes, ...fault?.(changes, listeners) }),
      )
    }),
  ).pipe(Layer.provide([MemoryRepository.layer, Listeners.layer]))
