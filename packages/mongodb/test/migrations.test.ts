import { assert, describe, it } from "@effect/vitest"
import {
  migrate,
  type MongoCollectionLike,
  type MongoDatabaseLike,
  MongoOpenError,
  MongoRepository,
} from "@tokenry/mongodb"
import { aDigest, aToken } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import type { Db } from "mongodb"
import { inspect } from "node:util"
import { aDatabase, patient, repositoryOf, withoutMongodb } from "./stores.ts"

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

/** In creation order. */
const ours = migrations.flatMap(({ create }) => create.map(({ name }) => name))

describe.skipIf(withoutMongodb)("migrating", () => {
  it.effect("up creates the indexes, a second time changes nothing, and down removes them", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      const changes = yield* migrate(database, { migrations })
      assert.deepStrictEqual(
        changes.map(({ change, found, index }) => [change, found, index.name]),
        ours.map((name) => ["create", "Absent", name]),
      )
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      assert.deepStrictEqual(yield* versionsIn(database), [1])
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

  it.effect("in a dry run returns what would change, and changes nothing", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* Effect.promise(() =>
        database.collection("api_token").createIndex({ expiresAt: 1, _id: 1 }, { name: "expires" }),
      )
      yield* Effect.promise(() => database.collection("api_token").createIndex({ x: 1 }, { name: "created" }))
      const changes = yield* migrate(database, { migrations, dryRun: true })
      assert.deepStrictEqual(
        changes.map(({ found, index }) => `${index.name} ${found}`),
        ours.map((name) => `${name} ${{ expires: "Present", created: "Conflicting" }[name] ?? "Absent"}`),
      )
      assert.deepStrictEqual(yield* indexNamesIn(database), ["created", "expires"])
      assert.deepStrictEqual(yield* versionsIn(database), [])
    }),
  )

  it.effect("by eight processes at once creates each index once", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* Effect.all(
        Array.from({ length: 8 }, () => Effect.scoped(repositoryOf(MongoRepository.layerFrom(database, patient)))),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      assert.deepStrictEqual(yield* versionsIn(database), [1])
    }),
  )

  it.effect("completes what a killed process left", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations })
      yield* Effect.promise(() => database.collection("tokenry_migration").deleteMany({}))
      yield* Effect.promise(() => database.collection("api_token").dropIndex("revoked"))
      yield* migrate(database, { migrations })
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      assert.deepStrictEqual(yield* versionsIn(database), [1])
    }),
  )

  it.effect("names someone else's index that is in the way, and leaves it alone", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* Effect.promise(() => database.collection("api_token").createIndex({ x: 1 }, { name: "digest" }))
      const error = yield* Effect.flip(repositoryOf(MongoRepository.layerFrom(database, patient)))
      assert.instanceOf(error, MongoOpenError)
      assert.deepStrictEqual(error.reason, { _tag: "ConflictingIndex", collection: "api_token", index: "digest" })
      assert.include(error.message, "digest")
      assert.deepStrictEqual(yield* indexNamesIn(database), ["digest"])
    }),
  )

  it.effect("fails if documents share a digest, without showing it", () =>
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

  it.effect("down doesn't drop someone else's index of the same name", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations })
      yield* Effect.promise(() => database.collection("api_token").dropIndex("created"))
      yield* Effect.promise(() => database.collection("api_token").createIndex({ x: 1 }, { name: "created" }))
      yield* migrate(database, { migrations, to: 0 })
      assert.deepStrictEqual(yield* indexNamesIn(database), ["created"])
    }),
  )

  it.effect("leaves newer versions alone, and refuses to undo unknown ones", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations })
      yield* Effect.promise(() =>
        database.collection("tokenry_migration").insertOne({ _id: 2 as never, name: "newer" }),
      )
      assert.deepStrictEqual(yield* migrate(database, { migrations }), [])
      const error = yield* Effect.flip(migrate(database, { migrations, to: 0 }))
      assert.deepStrictEqual(error.reason, { _tag: "NewerThanCode", found: 2, known: 1 })
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
    }),
  )

  it.effect("can be turned off, but not the check for the unique index of digests", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      const open = repositoryOf(MongoRepository.layerFrom(database, { migrate: false, ...patient }))
      const error = yield* Effect.flip(open)
      assert.deepStrictEqual(error.reason, { _tag: "MissingIndex", collection: "api_token", index: "digest" })
      const digest = { name: "digest", unique: true }
      yield* Effect.promise(() => database.collection("api_token").createIndex({ "secrets.digest": 1 }, digest))
      const repository = yield* open
      yield* repository.insert(aToken())
      assert.deepStrictEqual(yield* indexNamesIn(database), ["digest"])
    }),
  )

  it.effect("creates indexes again that a restore lost, although they are recorded", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations })
      for (const lost of ["digest", "owner_unrevoked"]) {
        yield* Effect.promise(() => database.collection("api_token").dropIndex(lost))
      }
      const repository = yield* repositoryOf(MongoRepository.layerFrom(database, patient))
      assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      const token = aToken()
      yield* repository.insert(token)
      assert.strictEqual(
        (yield* Effect.flip(repository.insert(aToken({ secrets: token.secrets }))))._tag,
        "DuplicateToken",
      )
    }),
  )

  it.effect("refuses to open if the index of digests isn't unique", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      yield* migrate(database, { migrations })
      yield* Effect.promise(() => database.collection("api_token").dropIndex("digest"))
      yield* Effect.promise(() =>
        database.collection("api_token").createIndex({ "secrets.digest": 1 }, { name: "digest" }),
      )
      for (const isMigrating of [true, false]) {
        const layer = MongoRepository.layerFrom(database, { migrate: isMigrating })
        const { reason } = yield* Effect.flip(repositoryOf(layer))
        assert.deepInclude(reason, { collection: "api_token", index: "digest" })
      }
    }),
  )

  it.effect("sends one command per collection, with a quorum and without a time limit", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase({ monitorCommands: true })
      const commands: Array<Readonly<Record<string, unknown>>> = []
      database.client.on("commandStarted", ({ command }) => commands.push(command))
      yield* migrate(database, { migrations })
      const builds = commands.filter((command) => "createIndexes" in command)
      assert.deepStrictEqual(
        builds.map(({ createIndexes }) => createIndexes),
        ["api_token", "api_token_usage"],
      )
      for (const build of builds) {
        assert.deepInclude(build, { commitQuorum: "majority" })
        assert.notProperty(build, "maxTimeMS")
      }
    }),
  )
})

/** A database where creating indexes fails with this code, the first few times or always. */
const refusing = (database: Db, code: number, times = Infinity): MongoDatabaseLike => {
  let left = times
  return {
    databaseName: database.databaseName,
    collection: (name, options) => {
      const collection: MongoCollectionLike = database.collection(name, options)
      const createIndexes: MongoCollectionLike["createIndexes"] = async (indexes, options) => {
        if (left-- <= 0) return collection.createIndexes(indexes, options)
        throw Object.assign(new Error("E"), { name: "MongoServerError", code })
      }
      return Object.assign(Object.create(collection) as MongoCollectionLike, { createIndexes })
    },
  }
}

describe.skipIf(withoutMongodb)("an index that can't be created", () => {
  it.effect.each([
    [67, "IndexRefused"],
    [117, "BuildingIndexes"],
    [285, "BuildingIndexes"],
    [276, "IndexBuildAborted"],
    [278, "IndexBuildAborted"],
    [323, "OutsideStableApi"],
    [85, "ConflictingIndex"],
    [50, "Unreachable"],
  ] as const)("has a reason: code %i is %s", ([code, tag]) =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      const error = yield* Effect.flip(migrate(refusing(database, code), { migrations }))
      assert.strictEqual(error.reason._tag, tag)
      assert.isAbove(error.message.length, 40)
      assert.deepStrictEqual(yield* versionsIn(database), [])
    }),
  )

  it.effect.each([2, 9, 72, 115, 40_415])(
    "is created without a quorum if the server doesn't support one: code %i",
    (code) =>
      Effect.gen(function* () {
        const database = yield* aDatabase()
        yield* migrate(refusing(database, code, 1), { migrations })
        assert.deepStrictEqual(yield* indexNamesIn(database), ours.toSorted())
      }),
  )
})
