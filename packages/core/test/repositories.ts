/** Repositories that record their calls, or fail on demand. */
import { type ApiToken, MemoryRepository, RepositoryUnavailable, RevisionConflict } from "@tokenry/core"
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

type Repository = ApiTokenRepository["Service"]

/** The calls to a repository, in order, as method names. */
export class Asked extends Context.Service<Asked, Array<keyof Repository>>()("test/Asked") {}

/** A memory repository that records its calls. */
export const counting: Layer.Layer<ApiTokenRepository | Asked> = Layer.effectContext(
  Effect.gen(function* () {
    const repository = yield* ApiTokenRepository
    const asked: Array<keyof Repository> = []
    const recorded =
      <Arguments extends ReadonlyArray<unknown>, A>(name: keyof Repository, method: (...of: Arguments) => A) =>
      (...of: Arguments): A => {
        asked.push(name)
        return method(...of)
      }
    return Context.make(ApiTokenRepository, {
      insert: recorded("insert", repository.insert),
      findById: recorded("findById", repository.findById),
      findManyById: recorded("findManyById", repository.findManyById),
      findByDigest: recorded("findByDigest", repository.findByDigest),
      replace: recorded("replace", repository.replace),
      revokeOwnedBy: recorded("revokeOwnedBy", repository.revokeOwnedBy),
      revokeIssuedTo: recorded("revokeIssuedTo", repository.revokeIssuedTo),
      listOwnedBy: recorded("listOwnedBy", repository.listOwnedBy),
      countLiveOwnedBy: recorded("countLiveOwnedBy", repository.countLiveOwnedBy),
      liveCreatedBefore: recorded("liveCreatedBefore", repository.liveCreatedBefore),
      expiringBetween: recorded("expiringBetween", repository.expiringBetween),
      withKey: recorded("withKey", repository.withKey),
      undelivered: repository.undelivered,
      markDelivered: recorded("markDelivered", repository.markDelivered),
      keyIdsInUse: repository.keyIdsInUse,
      purge: recorded("purge", repository.purge),
    }).pipe(Context.add(Asked, asked))
  }),
).pipe(Layer.provide(MemoryRepository.layer))

/** A memory repository with some methods replaced. */
export const memoryBut = (
  change: (repository: Repository) => Partial<Repository>,
): Layer.Layer<ApiTokenRepository | TokenUsageStore> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const repository = yield* ApiTokenRepository
      return Context.make(ApiTokenRepository, { ...repository, ...change(repository) }).pipe(
        Context.add(TokenUsageStore, yield* TokenUsageStore),
      )
    }),
  ).pipe(Layer.provide(MemoryRepository.layer))

/** Its first `count` replaces lose the race. */
export const conflicting = (count: number): Layer.Layer<ApiTokenRepository | TokenUsageStore> =>
  memoryBut((repository) => {
    let left = count
    return {
      replace: (token, revision) =>
        Effect.suspend(() => {
          left -= 1
          return left >= 0 ? new RevisionConflict({ id: token.id }) : repository.replace(token, revision)
        }),
    }
  })

/** Just before its first replace is written, another writer does this to the stored token. */
export const overtaken = (
  write: (stored: ApiToken, repository: Repository) => Effect.Effect<unknown, { readonly _tag: string }>,
): Layer.Layer<ApiTokenRepository | TokenUsageStore> =>
  memoryBut((repository) => {
    let isFirst = true
    return {
      replace: Effect.fnUntraced(function* (token, revision) {
        if (isFirst) {
          isFirst = false
          const stored = Option.getOrThrow(yield* repository.findById(token.id))
          yield* Effect.orDie(write(stored, repository))
        }
        yield* repository.replace(token, revision)
      }),
    }
  })

/** It answers lookups correctly but asynchronously, like a store in another process. */
export const answeringLater: Layer.Layer<ApiTokenRepository | TokenUsageStore> = memoryBut((repository) => ({
  findByDigest: (candidates) => Effect.andThen(Effect.yieldNow, repository.findByDigest(candidates)),
  findManyById: (ids) => Effect.andThen(Effect.yieldNow, repository.findManyById(ids)),
}))

/** Every method of it fails. */
export const unavailable: Layer.Layer<ApiTokenRepository | TokenUsageStore> = memoryBut(() => {
  const outageOf = (operation: string) => () =>
    Effect.fail(new RepositoryUnavailable({ operation, cause: new Error("connection refused") }))
  return {
    insert: outageOf("insert"),
    findById: outageOf("findById"),
    findManyById: outageOf("findManyById"),
    findByDigest: outageOf("findByDigest"),
    replace: outageOf("replace"),
    revokeOwnedBy: outageOf("revokeOwnedBy"),
    revokeIssuedTo: outageOf("revokeIssuedTo"),
    listOwnedBy: outageOf("listOwnedBy"),
    countLiveOwnedBy: outageOf("countLiveOwnedBy"),
    liveCreatedBefore: () => Stream.fromEffect(outageOf("liveCreatedBefore")()),
    expiringBetween: () => Stream.fromEffect(outageOf("expiringBetween")()),
    withKey: () => Stream.fromEffect(outageOf("withKey")()),
    undelivered: Stream.fromEffect(outageOf("undelivered")()),
    markDelivered: outageOf("markDelivered"),
    purge: outageOf("purge"),
  }
})
