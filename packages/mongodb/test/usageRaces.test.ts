import { assert, describe, it } from "@effect/vitest"
import type { TokenUsageStore } from "@tokenry/core/adapter"
import { type MongoClientLike, type MongoCollectionLike, MongoRepository } from "@tokenry/mongodb"
import { at, aToken, aUse } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { aClient, aStore, patient, portsOf, withoutMongodb } from "./stores.ts"

const filled = Effect.gen(function* () {
  const store = yield* aStore()
  const token = aToken()
  const dead = aToken({ expiresAt: Option.some(at(0)) })
  for (const each of [token, dead]) yield* store.repository.insert(each)
  return { ...store, token, dead }
})

/** The same database on another client, where something else happens during operations on one collection. */
const interfered = (
  databaseName: string,
  of: "api_token" | "api_token_usage",
  instead: (collection: MongoCollectionLike) => Partial<MongoCollectionLike>,
) =>
  Effect.gen(function* () {
    const client: MongoClientLike = yield* aClient()
    const through: MongoClientLike = {
      db: (name) => {
        const database = client.db(name)
        return {
          databaseName,
          collection: (name, options) => {
            const collection = database.collection(name, options)
            const wrapped = Object.create(collection) as MongoCollectionLike
            return name === of ? Object.assign(wrapped, instead(collection)) : collection
          },
        }
      },
    }
    return yield* portsOf(MongoRepository.layerFrom(through, { databaseName, migrate: false, ...patient }))
  })

describe.skipIf(withoutMongodb)("uses recorded while others write", () => {
  it.effect("by another client are all kept, each scope's too", () =>
    Effect.gen(function* () {
      const { usage, token, database } = yield* filled
      const client = yield* aClient()
      const { databaseName } = database
      const other = (yield* portsOf(MongoRepository.layerFrom(client, { databaseName, ...patient }))).usage
      const record = (store: TokenUsageStore["Service"], index: number) =>
        store.record([
          aUse({
            tokenId: token.id,
            lastUsedAt: Option.some(at(index)),
            scopes: new Map([[`scope-${index % 5}`, at(index)]]),
            reuses: 2,
          }),
        ])
      yield* Effect.all(
        Array.from({ length: 60 }, (_, index) => record(index % 2 === 0 ? usage : other, index)),
        { concurrency: "unbounded" },
      )
      const recorded = (yield* other.usageOf([token.id]))[0]
      assert.deepStrictEqual([recorded?.count, recorded?.reuses], [60, 120])
      assert.deepStrictEqual(recorded?.lastUsedAt, Option.some(at(59)))
      const scopes = [55, 56, 57, 58, 59].map((index) => [`scope-${index % 5}`, at(index)] as const)
      assert.deepStrictEqual(recorded?.scopes, new Map(scopes))
    }),
  )

  it.effect("of a token purged before they are written are gone", () =>
    Effect.gen(function* () {
      const { repository, usages, dead, database } = yield* filled
      const { usage } = yield* interfered(database.databaseName, "api_token_usage", (collection) => ({
        updateOne: async (filter, update, options) => {
          await Effect.runPromise(repository.purge(at(1)))
          return collection.updateOne(filter, update, options)
        },
      }))
      yield* usage.record([aUse({ tokenId: dead.id })])
      assert.strictEqual(yield* Effect.promise(() => usages.countDocuments()), 0)
    }),
  )

  it.effect("during a purge of their token are gone", () =>
    Effect.gen(function* () {
      const { usage, usages, dead, database } = yield* filled
      const { repository } = yield* interfered(database.databaseName, "api_token", (collection) => ({
        deleteMany: async (filter, options) => {
          await Effect.runPromise(usage.record([aUse({ tokenId: dead.id })]))
          return collection.deleteMany(filter, options)
        },
      }))
      assert.strictEqual(yield* repository.purge(at(1)), 1)
      assert.strictEqual(yield* Effect.promise(() => usages.countDocuments()), 0)
    }),
  )

  it.effect("are gone with their token even if an outage ends the purge", () =>
    Effect.gen(function* () {
      const { usage, usages, dead, database } = yield* filled
      yield* usage.record([aUse({ tokenId: dead.id })])
      const { repository } = yield* interfered(database.databaseName, "api_token", (collection) => ({
        deleteMany: async (filter, options) => {
          await collection.deleteMany(filter, options)
          throw Object.assign(new Error("E"), { name: "MongoServerError", code: 13 })
        },
      }))
      assert.strictEqual((yield* Effect.flip(repository.purge(at(1))))._tag, "RepositoryUnavailable")
      assert.strictEqual(yield* Effect.promise(() => usages.countDocuments()), 0)
    }),
  )

  it.effect("are all kept when another process inserts the document first", () =>
    Effect.gen(function* () {
      const { usage, token, database } = yield* filled
      const other = yield* interfered(database.databaseName, "api_token_usage", (collection) => ({
        insertOne: async (document, options) => {
          await Effect.runPromise(usage.record([aUse({ tokenId: token.id })]))
          return collection.insertOne(document, options)
        },
      }))
      yield* other.usage.record([aUse({ tokenId: token.id, count: 4 })])
      assert.strictEqual((yield* usage.usageOf([token.id]))[0]?.count, 5)
    }),
  )

  it.effect("never upsert, which not every engine makes atomic", () =>
    Effect.gen(function* () {
      const { usage, token, database } = yield* aStore({}, { monitorCommands: true }).pipe(
        Effect.flatMap((store) => {
          const token = aToken()
          return Effect.as(store.repository.insert(token), { ...store, token })
        }),
      )
      const updates: Array<unknown> = []
      database.client.on("commandStarted", ({ command }) => updates.push(...(command["updates"] ?? [])))
      yield* usage.begin(at(0))
      yield* usage.record([aUse({ tokenId: token.id })])
      yield* usage.record([aUse({ tokenId: token.id })])
      assert.isNotEmpty(updates)
      for (const update of updates) assert.notDeepInclude(update, { upsert: true })
    }),
  )
})

describe.skipIf(withoutMongodb)("the beginning of the record", () => {
  it.effect("is the first call's, with any number of clients at once", () =>
    Effect.gen(function* () {
      const { usage, database } = yield* aStore()
      const { databaseName } = database
      const other = (yield* portsOf(MongoRepository.layerFrom(yield* aClient(), { databaseName, ...patient }))).usage
      const begun = yield* Effect.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? usage : other).begin(at(index))),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(new Set(begun.map(({ epochMilliseconds }) => epochMilliseconds)).size, 1)
      assert.deepStrictEqual(yield* other.begin(at(-1)), begun[0])
    }),
  )

  it.effect("is the other process's if that one was first", () =>
    Effect.gen(function* () {
      const { usage, database } = yield* aStore()
      const other = yield* interfered(database.databaseName, "api_token_usage", (collection) => ({
        insertOne: async (document, options) => {
          await Effect.runPromise(usage.begin(at(1)))
          return collection.insertOne(document, options)
        },
      }))
      assert.deepStrictEqual(yield* other.usage.begin(at(2)), at(1))
    }),
  )
})
