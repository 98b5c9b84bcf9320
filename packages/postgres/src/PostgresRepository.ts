/** The token repository on PostgreSQL, with its usage store and its change feed. */
import type { ApiTokenRepository, TokenChanges, TokenUsageStore } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { PostgresClientLike, PostgresPoolLike } from "./Driver.ts"
import { assertMigrated, migrate, type MigrateOptions, sqlOf } from "./Migrations.ts"
import { openPool, type PostgresConnectOptions } from "./openPool.ts"
import type { PostgresDatabaseOptions, PostgresRepositoryOptions, TableOptions } from "./options.ts"
import { PostgresDatabase } from "./PostgresDatabase.ts"
import type { PostgresOpenError } from "./PostgresOpenError.ts"
import { tokenMigrations } from "./schema.ts"
import { servicesOn } from "./services.ts"
import { tablesOf } from "./tables.ts"

type Services = ApiTokenRepository | TokenUsageStore | TokenChanges

/**
 * Makes a pool, migrates, and closes the pool when the layer is released.
 *
 *     PostgresRepository.layer({ url: "postgres://localhost:5432/app" })
 */
const layer = (options: PostgresConnectOptions): Layer.Layer<Services, PostgresOpenError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const pool = yield* openPool(options)
      // For the cache's feed, which must not take one of the pool's connections. It connects when a cache follows.
      const listening = yield* openPool({ ...options, pool: { ...options.pool, max: 10 } })
      return yield* make(pool, options, listening)
    }),
  )

/**
 * Migrates and uses your pool, which you close after the layer has been released. Any copy of `pg` 8 will do, or a pool
 * with the same methods, such as Neon's. Listen to the pool's `error` events, as any user of it must. A cache keeps one of
 * its connections to listen for changes, unless the pool has only one or `listen` is false.
 */
const layerFrom = (
  pool: PostgresPoolLike,
  options: PostgresRepositoryOptions = {},
): Layer.Layer<Services, PostgresOpenError> =>
  Layer.effectContext(Effect.suspend(() => make(pool, options, pool.options?.max === 1 ? undefined : pool)))

/**
 * Works in a transaction that you have begun on this client: a token issued there appears when you commit, and never if
 * you roll back. The tables must exist already. Nothing is retried after an error, since PostgreSQL then refuses every
 * statement until you roll back.
 */
const onClient = (
  client: PostgresClientLike,
  options: TableOptions & PostgresDatabaseOptions = {},
): Layer.Layer<Services> =>
  Layer.effectContext(Effect.sync(() => servicesOn(PostgresDatabase.onClient(client, options), tablesOf(options))))

const make = Effect.fnUntraced(function* (
  pool: PostgresPoolLike,
  options: PostgresRepositoryOptions,
  listening: PostgresPoolLike | undefined,
) {
  const database = PostgresDatabase.fromPool(pool, options)
  const migrations = migrateOptionsOf(options)
  yield* options.migrate === false ? assertMigrated(database, migrations) : migrate(database, migrations)
  const listens = options.listen ?? options.preparedStatements ?? true
  return servicesOn(database, tablesOf(options), listens && listening ? () => listening.connect() : undefined)
})

const migrateOptionsOf = (options: TableOptions = {}): MigrateOptions => ({
  migrations: tokenMigrations(options),
  schema: options.schema ?? "public",
  table: `${options.tablePrefix ?? ""}tokenry_migration`,
})

export const PostgresRepository = {
  layer,
  layerFrom,
  onClient,
  /** The repository's migrations and the table that records them, for `migrate`: to undo them or apply them in advance. */
  migrations: migrateOptionsOf,
  /** The same as SQL, for your own migration tool. With the default names it equals the package's `migrations.sql`. */
  migrationsSql: (options: TableOptions = {}): string => sqlOf(migrateOptionsOf(options)),
} as const
