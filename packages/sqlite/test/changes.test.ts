import { assert, it } from "@effect/vitest"
import { ApiTokenRepository, TokenChanges, TokenUsageStore } from "@tokenry/core/adapter"
import { aToken, aUse } from "@tokenry/repository-contract/tokens"
import { SqliteRepository } from "@tokenry/sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { openStore, temporaryFile } from "./stores.ts"

/** A store in this file, how often its feed reported that everything changed, and the feed's state at a moment. */
const followed = Effect.fnUntraced(function* (filename: string) {
  const store = yield* openStore({ filename })
  const context = yield* Layer.build(SqliteRepository.layerFrom(store.database))
  let reports = 0
  const isFollowing = yield* Context.get(context, TokenChanges).follow({
    tokenChanged: () => assert.fail("SQLite can't name a token"),
    ownerChanged: () => assert.fail("SQLite can't name an owner"),
    everythingChanged: () => void (reports += 1),
  })
  assert.isDefined(isFollowing)
  assert.isTrue(isFollowing(0))
  const since = reports
  return {
    ...store,
    usageStore: Context.get(context, TokenUsageStore),
    repository: Context.get(context, ApiTokenRepository),
    isFollowing,
    reports: () => reports - since,
  }
})

it.effect("another connection's commit is noticed within a millisecond, and reported once", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const { isFollowing, reports } = yield* followed(filename)
    const other = yield* openStore({ filename })
    yield* other.repository.insert(aToken())
    assert.isTrue(isFollowing(0.9))
    assert.strictEqual(reports(), 0)
    assert.isTrue(isFollowing(1))
    assert.strictEqual(reports(), 1)
    assert.isTrue(isFollowing(2))
    assert.strictEqual(reports(), 1)
  }),
)

it.effect("what is written through this connection is not reported", () =>
  Effect.gen(function* () {
    const { repository, usageStore, isFollowing, reports } = yield* followed(yield* temporaryFile)
    const token = aToken()
    yield* repository.insert(token)
    yield* usageStore.record([aUse({ tokenId: token.id })])
    assert.isTrue(isFollowing(1))
    assert.strictEqual(reports(), 0)
  }),
)

it.effect("once the database is closed, the feed is interrupted", () =>
  Effect.gen(function* () {
    const { database, isFollowing } = yield* followed(yield* temporaryFile)
    database.close()
    assert.isFalse(isFollowing(1))
  }),
)
