/** Databases on the tests' server, each with its own name, dropped when the test ends. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { type MongoRepositoryOptions, MongoRepository } from "@tokenry/mongodb"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MongoClient, type MongoClientOptions } from "mongodb"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"

const server = inject("mongodb")

/** The run's summary says why tests were skipped. */
export const withoutMongodb = server === undefined
export const withoutRealMongod = server?.isRealMongod !== true

export const serverUrl = (): string => {
  if (server === undefined) throw new Error("There is no MongoDB server")
  return server.url
}

export const aDatabaseName = (): string => `${server?.databasePrefix}${randomUUID().slice(0, 18)}`

/** The URL of a database on the tests' server. */
export const urlOf = (databaseName: string, url = serverUrl()): string => {
  const { protocol, username, password, host, search } = new URL(url)
  const user = username === "" ? "" : `${username}${password === "" ? "" : `:${password}`}@`
  const options = new URLSearchParams(search)
  if (user !== "" && !options.has("authSource")) options.set("authSource", "admin")
  return `${protocol}//${user}${host}/${databaseName}?${options}`
}

export const aClient = (options: MongoClientOptions = {}, url = serverUrl()) =>
  Effect.acquireRelease(
    Effect.sync(() => new MongoClient(url, options)),
    (client) => Effect.promise(() => client.close()),
  )

/** A new database on a client with these options. */
export const aDatabase = (options: MongoClientOptions = {}) =>
  Effect.gen(function* () {
    const client = yield* aClient(options)
    return yield* Effect.acquireRelease(
      Effect.sync(() => client.db(aDatabaseName())),
      (database) => Effect.promise(() => database.dropDatabase()),
    )
  })

type MongoLayer = ReturnType<typeof MongoRepository.layerFrom>

export const repositoryOf = (layer: MongoLayer) => Effect.map(portsOf(layer), ({ repository }) => repository)

export const portsOf = (layer: MongoLayer) =>
  Effect.map(Layer.build(layer), (context) => ({
    repository: Context.get(context, ApiTokenRepository),
    usage: Context.get(context, TokenUsageStore),
  }))

/** Deadlines that even a slow machine meets, for tests about something else. */
export const patient = { deadlines: { read: "1 minute", write: "1 minute" } } as const

interface Stored {
  _id: string
  [field: string]: unknown
}

/** Both ports in a new database, and its collections. */
export const aStore = (options: MongoRepositoryOptions = {}, clientOptions: MongoClientOptions = {}) =>
  Effect.gen(function* () {
    const database = yield* aDatabase(clientOptions)
    const ports = yield* portsOf(MongoRepository.layerFrom(database, { ...patient, ...options }))
    const collection = (name: string) => database.collection<Stored>(name)
    return { ...ports, database, tokens: collection("api_token"), usages: collection("api_token_usage") }
  })
