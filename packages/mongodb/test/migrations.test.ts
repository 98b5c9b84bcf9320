import { assert, describe, it } from "@effect/vitest"
import { migrate, MongoOpenError, MongoRepository } from "@tokenry/mongodb"
import { Effect } from "effect"
import type { Db } from "mongodb"
import { inspect } from "node:util"
import { aDatabase, portsOf, repositoryOf, withoutMongodb } from "./stores.ts"
import { aDigest, aToken, aUsage } from "./tokens.ts"

const migrations = MongoRepository.migrations("api_token")

const indexNamesIn = (database: Db) =>
  Effect.promise(async () => {
    const indexes = ["api_token", "api_token_usage"].map((name) =>
      database
        .collection(name)
        .listIndexes()
        .toArray()
        .catch(() => []),
    )
    return (await Promise.all(indexes))
      .flat()
      .map(({ name }) => String(name))
      .filter((name) => name !== "_id_")
      .toSorted()
  })

const versionsIn = (database: Db) =>
  Effect.promise(async () => {
    const records = await database.collection("tokenry_migration").find().toArray()
    return records.map(({ _id }) => Number(_id))
  })

/** In the order in which they are made. */
const ours = migrations.flatMap(({ create }) => create.map(({ name }) => name))

describe.skipIf(withoutMongodb)("migrating", () => {
  it.effect("up makes the indexes, again changes nothing, and down removes them", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      const changes = yield* migrate(database, { migrations })
      assert.deepStrictEqual(
        changes.map(({ change, found, index }) => [change, found, index.name]),
        ours.map((name) => ["create", "Absent", name]),
      )
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      assert.deepStrictEqual(yield* versionsIn(database), [1, 2])
      assert.deepStrictEqual(yield* migrate(database, { migrations }), [])

      const undone = yield* migrate(database, { migrations, to: 0 })
      assert.deepStrictEqual(
        undone.map(({ change, found, index }) => [change, found, index.name]),
        ours.toReversed().map((name) => ["drop", "Present", name]),
      )
      assert.deepStrictEqual(yield* indexNamesIn(database), [])
      assert.deepStrictEqual(yield* versionsIn(database), [])
      yield* migrate(database, { migrations })
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
    }),
  )

  it.effect("goes on from the first version, where there is no place for uses yet", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations, to: 1 })
      const { repository, usage } = yield* portsOf(MongoRepository.layerFrom(database))
      assert.deepStrictEqual(yield* versionsIn(database), [1, 2])
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      const token = aToken()
      yield* repository.insert(token)
      yield* usage.record([aUsage(token.id)])
      const undone = yield* migrate(database, { migrations, to: 1 })
      assert.deepStrictEqual(
        undone.map(({ index }) => `${index.collection} ${index.name}`),
        ["api_token_usage token", "api_token key_id_in_batches", "api_token undelivered"],
      )
      assert.strictEqual((yield* usage.usageOf([token.id])).length, 1)
    }),
  )

  it.effect("dry says what would change, and changes nothing", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* Effect.promise(() => database.collection("api_token").createIndex({ ancestors: 1 }, { name: "ancestor" }))
      yield* Effect.promise(() => database.collection("api_token").createIndex({ x: 1 }, { name: "created" }))
      const changes = yield* migrate(database, { migrations, dryRun: true })
      assert.deepStrictEqual(
        changes.map(({ found, index }) => `${index.name} ${found}`),
        ours.map((name) => `${name} ${{ ancestor: "Present", created: "Conflicting" }[name] ?? "Absent"}`),
      )
      assert.deepStrictEqual(yield* indexNamesIn(database), ["ancestor", "created"])
      assert.deepStrictEqual(yield* versionsIn(database), [])
    }),
  )

  it.effect("by eight at once makes each index once", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* Effect.all(
        Array.from({ length: 8 }, () => Effect.scoped(repositoryOf(MongoRepository.layerFrom(database)))),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      assert.deepStrictEqual(yield* versionsIn(database), [1, 2])
    }),
  )

  it.effect("makes good for a process that was killed between an index and its record", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations })
      yield* Effect.promise(() => database.collection("tokenry_migration").deleteMany({}))
      yield* Effect.promise(() => database.collection("api_token").dropIndex("revoked"))
      yield* migrate(database, { migrations })
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      assert.deepStrictEqual(yield* versionsIn(database), [1, 2])
    }),
  )

  it.effect("names an index of somebody else's that is in the way, and leaves it as it is", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* Effect.promise(() => database.collection("api_token").createIndex({ x: 1 }, { name: "digest" }))
      const error = yield* Effect.flip(repositoryOf(MongoRepository.layerFrom(database)))
      assert.instanceOf(error, MongoOpenError)
      assert.deepStrictEqual(error.reason, { _tag: "ConflictingIndex", collection: "api_token", index: "digest" })
      assert.include(error.message, "digest")
      assert.deepStrictEqual(yield* indexNamesIn(database), ["digest"])
    }),
  )

  it.effect("of documents that share a digest fails without showing it", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      const { hex } = aDigest()
      const documents = [1, 2].map((id) => ({ _id: id as never, secrets: [{ digest: hex }] }))
      yield* Effect.promise(() => database.collection("api_token").insertMany(documents))
      const error = yield* Effect.flip(migrate(database, { migrations }))
      assert.deepStrictEqual(error.reason, { _tag: "NotUnique", collection: "api_token", index: "digest" })
      assert.notInclude(error.message + inspect(error, { depth: 9, showHidden: true }), hex)
    }),
  )

  it.effect("down does not drop somebody else's index of the same name", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations })
      yield* Effect.promise(() => database.collection("api_token").dropIndex("created"))
      yield* Effect.promise(() => database.collection("api_token").createIndex({ x: 1 }, { name: "created" }))
      yield* migrate(database, { migrations, to: 0 })
      assert.deepStrictEqual(yield* indexNamesIn(database), ["created"])
    }),
  )

  it.effect("leaves versions of newer code alone, and does not undo what it does not know", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations })
      yield* Effect.promise(() =>
        database.collection("tokenry_migration").insertOne({ _id: 3 as never, name: "newer" }),
      )
      assert.deepStrictEqual(yield* migrate(database, { migrations }), [])
      const error = yield* Effect.flip(migrate(database, { migrations, to: 0 }))
      assert.deepStrictEqual(error.reason, { _tag: "NewerThanCode", found: 3, known: 2 })
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
    }),
  )

  it.effect("can be left to somebody else", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      const repository = yield* repositoryOf(MongoRepository.layerFrom(database, { migrate: false }))
      yield* repository.insert(aToken())
      assert.deepStrictEqual(yield* indexNamesIn(database), [])
    }),
  )
})
