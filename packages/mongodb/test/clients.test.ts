import { assert, describe, it } from "@effect/vitest"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { type MongoClientLike, MongoOpenError, MongoRepository } from "@tokenry/mongodb"
import { aDigest, at, aToken, contentsOf, owner } from "@tokenry/repository-contract/tokens"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { inspect } from "node:util"
import { aClient, aDatabase, aDatabaseName, patient, repositoryOf, urlOf, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

/** Builds the layer, and returns how to release it. */
const opened = (layer: ReturnType<typeof MongoRepository.layerFrom>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(layer, scope)
    return { repository: Context.get(context, ApiTokenRepository), release: Scope.close(scope, Exit.void) }
  })

const dropped = (name: string) =>
  Effect.gen(function* () {
    const client = yield* aClient()
    yield* Effect.addFinalizer(() => Effect.promise(() => client.db(name).dropDatabase()))
    return client.db(name)
  })

describe.skipIf(withoutMongodb)("a repository by URL", () => {
  it.effect("uses the database in the URL, and is closed with the layer", () =>
    Effect.gen(function* () {
      const name = aDatabaseName()
      const database = yield* dropped(name)
      const { repository, release } = yield* opened(MongoRepository.layer({ url: urlOf(name), ...patient }))
      yield* repository.insert(aToken({ ownedBy }))
      assert.strictEqual(yield* Effect.promise(() => database.collection("api_token").countDocuments()), 1)
      yield* release
      const error = yield* Effect.flip(repository.findByDigest([aDigest()]))
      assert.deepInclude({ ...error }, { _tag: "RepositoryUnavailable", operation: "findByDigest" })
    }),
  )

  it.effect("uses another database and collection if told to", () =>
    Effect.gen(function* () {
      const [name, other] = [aDatabaseName(), aDatabaseName()]
      const database = yield* dropped(other)
      const options = { url: urlOf(name), databaseName: other, collectionName: "tokens", ...patient }
      const repository = yield* repositoryOf(MongoRepository.layer(options))
      yield* repository.insert(aToken({ ownedBy }))
      assert.strictEqual(yield* Effect.promise(() => database.collection("tokens").countDocuments()), 1)
    }),
  )
})

describe.skipIf(withoutMongodb)("a repository on the caller's client", () => {
  it.effect("leaves it open when the layer is released", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      const { repository, release } = yield* opened(MongoRepository.layerFrom(database, patient))
      yield* repository.insert(aToken({ ownedBy }))
      yield* release
      assert.strictEqual(yield* Effect.promise(() => database.collection("api_token").countDocuments()), 1)
    }),
  )

  it.effect("is unavailable after the caller has closed it", () =>
    Effect.gen(function* () {
      const name = aDatabaseName()
      yield* dropped(name)
      const client = yield* aClient()
      const repository = yield* repositoryOf(MongoRepository.layerFrom(client, { databaseName: name, ...patient }))
      yield* Effect.promise(() => client.close())
      for (const attempt of [repository.insert(aToken({ ownedBy })), repository.findById(aToken({ ownedBy }).id)]) {
        assert.strictEqual((yield* Effect.flip(attempt))._tag, "RepositoryUnavailable")
      }
    }),
  )

  it.effect("accepts any object shaped like a client, and reads from the primary", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase()
      const client: MongoClientLike = {
        db: (name) => {
          assert.strictEqual(name, "app")
          return {
            databaseName: "app",
            collection: (name, options) => {
              assert.deepInclude(options, { readPreference: "primary", ignoreUndefined: false })
              return methodsOf(database.collection(name, options))
            },
          }
        },
      }
      const repository = yield* repositoryOf(MongoRepository.layerFrom(client, { databaseName: "app", ...patient }))
      const token = aToken({ ownedBy })
      yield* repository.insert(token)
      assert.isTrue(Option.isSome(yield* repository.findById(token.id)))
    }),
  )

  it.effect.each([
    { ignoreUndefined: true, useBigInt64: true, readPreference: "secondaryPreferred", retryWrites: false },
    { promoteValues: false, promoteLongs: false, w: 1, serializeFunctions: true },
    { raw: true },
  ] as const)("works the same whatever the client's settings are: %j", (settings) =>
    Effect.gen(function* () {
      const database = yield* aDatabase(settings)
      const repository = yield* repositoryOf(MongoRepository.layerFrom(database, patient))
      const token = aToken({ ownedBy, expiresAt: Option.some(at(9)), revision: 2 ** 40 })
      yield* repository.insert(token)
      assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(token))
      assert.isTrue(Option.isSome(yield* repository.findByDigest([token.secrets[0].digest])))
      assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, { at: at(1), reason: "r" }, by), 1)
    }),
  )

  it.effect("waits for the journals of a majority, and sets a time limit for each write", () =>
    Effect.gen(function* () {
      const client = yield* aClient({ monitorCommands: true, readPreference: "nearest", w: 1 })
      const name = aDatabaseName()
      yield* dropped(name)
      const commands: Array<Readonly<Record<string, unknown>>> = []
      client.on("commandStarted", ({ command }) => commands.push(command))
      const repository = yield* repositoryOf(MongoRepository.layerFrom(client, { databaseName: name, ...patient }))
      const token = aToken({ ownedBy })
      yield* repository.insert(token)
      yield* repository.replace(aToken({ ownedBy, id: token.id, revision: 2 }), 1)
      yield* repository.revokeOwnedBy(ownedBy, { at: at(1), reason: "r" }, by)
      yield* repository.findByDigest([token.secrets[0].digest])
      yield* repository.purge(at(2))
      const writes = commands.filter((command) => ["insert", "update", "delete"].some((verb) => verb in command))
      assert.isAtLeast(writes.length, 4)
      for (const { writeConcern, maxTimeMS } of writes) {
        assert.deepInclude(JSON.parse(JSON.stringify(writeConcern)), { w: "majority", j: true })
        assert.isNumber(maxTimeMS)
      }
    }),
  )
})

it.effect("an unconfirmed write concern is refused before anything is sent", () =>
  Effect.gen(function* () {
    const client = yield* aClient({}, "mongodb://127.0.0.1:9/app")
    const layer = MongoRepository.layerFrom(client, { writeConcern: { w: 0, journal: false } })
    assert.deepStrictEqual((yield* Effect.flip(repositoryOf(layer))).reason, { _tag: "UnconfirmedWrites" })
  }),
)

it.effect("an invalid URL is reported without its password", () =>
  Effect.gen(function* () {
    for (const url of [
      "mongodb://user:s3cret@",
      "http://user:s3cret@localhost",
      "mongodb://user:s3cret@host:port:9/",
    ]) {
      const error = yield* Effect.flip(repositoryOf(MongoRepository.layer({ url })))
      assert.instanceOf(error, MongoOpenError)
      assert.strictEqual(error.reason._tag, "InvalidUrl")
      assert.notInclude(error.message + inspect(error, { depth: 9, showHidden: true }), "s3cret")
    }
  }),
)

const by = { actor: { kind: "system" }, origin: {} } as const

/** The collection's methods as a plain object. */
const methodsOf = (collection: ReturnType<ReturnType<MongoClientLike["db"]>["collection"]>) => ({
  findOne: collection.findOne.bind(collection),
  find: collection.find.bind(collection),
  countDocuments: collection.countDocuments.bind(collection),
  insertOne: collection.insertOne.bind(collection),
  replaceOne: collection.replaceOne.bind(collection),
  updateOne: collection.updateOne.bind(collection),
  updateMany: collection.updateMany.bind(collection),
  deleteMany: collection.deleteMany.bind(collection),
  deleteOne: collection.deleteOne.bind(collection),
  createIndexes: collection.createIndexes.bind(collection),
  dropIndex: collection.dropIndex.bind(collection),
  listIndexes: collection.listIndexes.bind(collection),
})
