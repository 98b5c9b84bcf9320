import { assert, describe, it } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { type KeyId, unattributed } from "@tokenry/core/adapter"
import { documentOf } from "@tokenry/mongodb"
import { aDigest, aSecret, at, aToken, contentsOf, named } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { aStore, withoutMongodb } from "./stores.ts"

const aStoreWith = (...tokens: ReadonlyArray<ApiToken>) =>
  Effect.gen(function* () {
    const store = yield* aStore()
    yield* Effect.promise(() => store.tokens.insertMany(tokens.map((token) => ({ ...documentOf(token) }))))
    return store
  })

const idsOf = (tokens: ReadonlyArray<ApiToken>) => tokens.map(({ id }) => id as string).toSorted()

describe.skipIf(withoutMongodb)("undelivered changes", () => {
  const tokens = Array.from({ length: 250 }, (_, index) => aToken({ undelivered: index < 220 ? 1 : index % 7 }))

  it.effect("come once per token, even more than a batch", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStoreWith(...tokens)
      const found = yield* Stream.runCollect(Stream.take(repository.undelivered, 1000))
      assert.deepStrictEqual(idsOf(found), idsOf(tokens.filter(({ undelivered }) => undelivered > 0)))
    }),
  )

  it.effect("come once while they are being marked as delivered", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStoreWith(...tokens)
      const delivered: Array<ApiToken> = []
      yield* Stream.runForEach(repository.undelivered, (token) => {
        delivered.push(token)
        return repository.markDelivered(token.id, token.revision)
      })
      assert.deepStrictEqual(idsOf(delivered), idsOf(tokens.filter(({ undelivered }) => undelivered > 0)))
      assert.deepStrictEqual(yield* Stream.runCollect(repository.undelivered), [])
    }),
  )

  it.effect("are gone once marked as delivered, and nothing else of the token changes", () =>
    Effect.gen(function* () {
      const token = aToken({ undelivered: 3, revision: 5 })
      const { repository } = yield* aStoreWith(token)
      yield* repository.markDelivered(token.id, 5)
      const stored = Option.getOrThrow(yield* repository.findById(token.id))
      assert.deepStrictEqual(contentsOf(stored), { ...contentsOf(token), undelivered: 0 })
    }),
  )

  it.effect("stay if the token was changed meanwhile", () =>
    Effect.gen(function* () {
      const token = aToken()
      const { repository } = yield* aStoreWith(token)
      const renamed = token.rename(named("laptop"), at(1), unattributed)
      yield* repository.replace(renamed, token.revision)
      yield* repository.markDelivered(token.id, token.revision)
      yield* repository.markDelivered(aToken().id, renamed.revision)
      assert.strictEqual(Option.getOrThrow(yield* repository.findById(token.id)).undelivered, 2)
    }),
  )
})

const key = (id: string) => Option.some(id as KeyId)
const under = (keyId: Option.Option<KeyId>) => aSecret({ keyId })
const old = (keyId: Option.Option<KeyId>) => ({ ...under(keyId), state: { _tag: "Retired", at: at(0) } as const })

describe.skipIf(withoutMongodb)("tokens with a secret under a key", () => {
  it.effect("are found once each, whatever state the secret is in", () =>
    Effect.gen(function* () {
      const plain = aToken({ secrets: [under(Option.none())] })
      const moved = aToken({ secrets: [under(key("key-1")), old(Option.none()), old(Option.none())] })
      const revoked = aToken({ secrets: [under(key("key-1"))] }).revoke({ at: at(1), reason: "r" }, unattributed)
      const { repository } = yield* aStoreWith(plain, moved, revoked)
      const found = (keyId: Option.Option<KeyId>) => Effect.map(Stream.runCollect(repository.withKey(keyId)), idsOf)
      assert.deepStrictEqual(yield* found(Option.none()), idsOf([plain, moved]))
      assert.deepStrictEqual(yield* found(key("key-1")), idsOf([moved, revoked]))
      assert.deepStrictEqual(yield* found(key("key-2")), [])
    }),
  )

  it.effect("are found once each, even more than a batch", () =>
    Effect.gen(function* () {
      const tokens = Array.from({ length: 250 }, () => aToken())
      const { repository } = yield* aStoreWith(...tokens)
      const found = yield* Stream.runCollect(Stream.take(repository.withKey(Option.none()), 1000))
      assert.deepStrictEqual(idsOf(found), idsOf(tokens))
    }),
  )

  it.effect("are found once each while they move to another key", () =>
    Effect.gen(function* () {
      const tokens = Array.from({ length: 250 }, () => aToken())
      const { repository } = yield* aStoreWith(...tokens)
      const came: Array<ApiToken> = []
      yield* Stream.runForEach(repository.withKey(Option.none()), (token) => {
        came.push(token)
        const moved = token.rekey(() => ({ digest: aDigest(), keyId: key("key-1") }))
        return repository.replace(moved, token.revision)
      })
      assert.deepStrictEqual(idsOf(came), idsOf(tokens))
      assert.deepStrictEqual(yield* repository.keyIdsInUse, [key("key-1")])
    }),
  )
})
