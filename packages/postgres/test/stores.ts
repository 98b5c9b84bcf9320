/** Databases of the tests' server. The run drops them when it ends. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { PostgresRepository, type PostgresRepositoryOptions } from "@tokenry/postgres"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import { Client, Pool, type PoolConfig, type QueryResultRow } from "pg"
import { inject } from "vitest"

const server = inject("postgres")

/** Why a file's tests are skipped is said in the run's summary. */
export const withoutPostgres = server === undefined

export const serverUrl = (): string => {
  if (server === undefined) throw new Error("There is no PostgreSQL server")
  return server.url
}

/** The server with a database of this name, as a URL. */
export const urlOf = (databaseName: string, url = serverUrl()): string => {
  const named = new URL(url)
  named.pathname = `/${databaseName}`
  return named.href
}

/** Runs one statement on the server. */
const administer = (text: string, url: string) =>
  Effect.promise(async () => {
    const client = new Client({ connectionString: urlOf("postgres", url) })
    await client.connect()
    await client.query(text)
    await client.end()
  })

/** The URL of a new, empty database. */
export const aDatabase = (url = serverUrl()) =>
  Effect.suspend(() => {
    const name = `${server?.databasePrefix}${randomUUID()}`
    return Effect.as(administer(`CREATE DATABASE "${name}"`, url), urlOf(name, url))
  })

/** A pool on the database with this URL. */
export const aPool = (url: string, options: PoolConfig = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new Pool({ connectionString: url, ...options })
      pool.on("error", () => undefined)
      return pool
    }),
    (pool) => Effect.promise(() => pool.end()),
  )

export const portsOf = <E>(layer: Layer.Layer<ApiTokenRepository | TokenUsageStore, E>) =>
  Effect.map(Layer.build(layer), (context) => ({
    repository: Context.get(context, ApiTokenRepository),
    usage: Context.get(context, TokenUsageStore),
  }))

/** Deadlines that no slow machine reaches, for tests that are about something else. */
export const patient = { deadlines: { read: "1 minute", write: "1 minute" } } as const

let shared: Promise<string> | undefined

/** One database for all stores of this process, each of which has a schema of its own. */
const sharedDatabase = Effect.promise(() => (shared ??= Effect.runPromise(aDatabase())))

/** A place for one store's tables. */
export interface Place {
  readonly url: string
  readonly schema: string
}

/** A new, empty place. */
export const aPlace: Effect.Effect<Place> = Effect.map(sharedDatabase, (url) => ({
  url,
  schema: `test_${randomUUID().replaceAll("-", "")}`,
}))

/** A repository and its store of uses in a new place, and a way to see what is stored there. */
export const aStore = (options: PostgresRepositoryOptions = {}, poolOptions: PoolConfig = {}) =>
  Effect.gen(function* () {
    const { url, schema } = yield* aPlace
    const pool = yield* aPool(url, { options: `-c search_path=${schema}`, ...poolOptions })
    const ports = yield* portsOf(PostgresRepository.layerFrom(pool, { schema, ...patient, ...options }))
    const sql = <Row extends QueryResultRow>(text: string, values: Array<unknown> = []) =>
      Effect.promise(async () => (await pool.query<Row>(text, values)).rows)
    return { ...ports, url, schema, pool, sql }
  })
