/** Databases of the tests' server, each with a name of its own, which go when the test ends. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core"
import { PostgresRepository, type PostgresRepositoryOptions } from "@tokenry/postgres"
import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import pg from "pg"
import { afterAll, inject } from "vitest"

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
    const client = new pg.Client({ connectionString: urlOf("postgres", url) })
    await client.connect()
    await client.query(text)
    await client.end()
  })

/** The URL of a new, empty database. */
export const aDatabase = (url = serverUrl()) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.suspend(() => {
        const name = `tokenry-test-${randomUUID()}`
        return Effect.as(administer(`CREATE DATABASE "${name}"`, url), name)
      }),
      (name) => administer(`DROP DATABASE "${name}" WITH (FORCE)`, url),
    ),
    (name) => urlOf(name, url),
  )

/** A pool on the database with this URL. */
export const aPool = (url: string, options: pg.PoolConfig = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new pg.Pool({ connectionString: url, ...options })
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

/** One database for all stores of a test file, each of which has a schema of its own. */
class Shared {
  static #url: Promise<string> | undefined

  static get url(): Promise<string> {
    return (this.#url ??= this.#create())
  }

  static async #create(): Promise<string> {
    const name = `tokenry-test-${randomUUID()}`
    await Effect.runPromise(administer(`CREATE DATABASE "${name}"`, serverUrl()))
    return urlOf(name)
  }

  static async drop(): Promise<void> {
    if (this.#url === undefined) return
    const name = new URL(await this.#url).pathname.slice(1)
    await Effect.runPromise(administer(`DROP DATABASE "${name}" WITH (FORCE)`, serverUrl()))
  }
}

afterAll(() => Shared.drop())

/** A place for one store's tables. */
export interface Place {
  readonly url: string
  readonly schema: string
}

/** A new, empty place. */
export const aPlace: Effect.Effect<Place> = Effect.promise(async () => ({
  url: await Shared.url,
  schema: `test_${randomUUID().replaceAll("-", "")}`,
}))

/** A repository and its store of uses in a new place, and a way to see what is stored there. */
export const aStore = (options: PostgresRepositoryOptions = {}, poolOptions: pg.PoolConfig = {}) =>
  Effect.gen(function* () {
    const { url, schema } = yield* aPlace
    const pool = yield* aPool(url, { options: `-c search_path=${schema}`, ...poolOptions })
    const ports = yield* portsOf(PostgresRepository.layerFrom(pool, { schema, ...options }))
    const sql = <Row extends pg.QueryResultRow>(text: string, values: Array<unknown> = []) =>
      Effect.promise(async () => (await pool.query<Row>(text, values)).rows)
    return { ...ports, url, schema, pool, sql }
  })
