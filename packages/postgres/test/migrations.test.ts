import { assert, describe, it } from "@effect/vitest"
import { migrate, PostgresDatabase, PostgresOpenError, PostgresRepository } from "@tokenry/postgres"
import { aToken, aUse } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { inspect } from "node:util"
import { aDatabase, aPlace, aPool, portsOf, withoutPostgres } from "./stores.ts"

/** A new place with a pool and what is in it. */
const aFreshPlace = Effect.gen(function* () {
  const { url, schema } = yield* aPlace
  const pool = yield* aPool(url)
  const names = Effect.promise(async () => {
    const { rows } = await pool.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'i') ORDER BY 1`,
      [schema],
    )
    return rows.map(({ name }) => name)
  })
  return { url, schema, pool, database: PostgresDatabase.fromPool(pool), names }
})

const failureOf = (options: Parameters<typeof PostgresRepository.layer>[0]) =>
  Effect.flip(Effect.scoped(portsOf(PostgresRepository.layer(options))))

describe.skipIf(withoutPostgres)("migrating", () => {
  it.effect("up makes the tables, again changes nothing, and down removes them", () =>
    Effect.gen(function* () {
      const { schema, database, names } = yield* aFreshPlace
      const migrations = PostgresRepository.migrations({ schema })
      yield* migrate(database, migrations)
      const made = yield* names
      for (const name of ["api_token", "api_token_secret", "api_token_usage", "tokenry_migration"]) {
        assert.include(made, name)
      }
      yield* migrate(database, migrations)
      assert.deepStrictEqual(yield* names, made)
      yield* migrate(database, { ...migrations, to: 0 })
      assert.deepStrictEqual(yield* names, ["tokenry_migration", "tokenry_migration_pkey"])
      yield* migrate(database, migrations)
      assert.deepStrictEqual(yield* names, made)
    }),
  )

  it.effect("by eight pools at once happens only once", () =>
    Effect.gen(function* () {
      const { url, schema, pool } = yield* aFreshPlace
      yield* Effect.all(
        Array.from({ length: 8 }, () => Effect.scoped(portsOf(PostgresRepository.layer({ url, schema })))),
        { concurrency: "unbounded" },
      )
      const { rows } = yield* Effect.promise(() => pool.query(`SELECT version FROM ${schema}.tokenry_migration`))
      assert.deepStrictEqual(rows, [{ version: 1 }])
    }),
  )

  it.effect("that fails leaves nothing behind", () =>
    Effect.gen(function* () {
      const { schema, database, names } = yield* aFreshPlace
      const migrations = [
        { version: 1, name: "one", up: `CREATE TABLE ${schema}.note (text text)`, down: `DROP TABLE ${schema}.note` },
        { version: 2, name: "two", up: "CREATE TABLE nowhere.note (text text)", down: "" },
      ]
      yield* Effect.flip(Effect.sandbox(migrate(database, { schema, migrations })))
      assert.deepStrictEqual(yield* names, [])
    }),
  )

  it.effect("refuses a database that newer code has migrated, and says what to do", () =>
    Effect.gen(function* () {
      const { url, schema, pool, database, names } = yield* aFreshPlace
      yield* migrate(database, PostgresRepository.migrations({ schema }))
      yield* Effect.promise(() => pool.query(`INSERT INTO ${schema}.tokenry_migration VALUES (99, 'from the future')`))
      const made = yield* names
      for (const options of [{}, { migrate: false }]) {
        const error = yield* failureOf({ url, schema, ...options })
        assert.strictEqual(error.reason._tag, "NewerThanCode")
        assert.match(error.message, /version 99.*Upgrade the code/)
      }
      assert.deepStrictEqual(yield* names, made)
    }),
  )

  it.effect("with your own tool runs the exported SQL, and migrate: false then only checks", () =>
    Effect.gen(function* () {
      const { url, schema, pool } = yield* aFreshPlace
      const options = { url, schema, migrate: false }
      const before = yield* failureOf(options)
      assert.deepInclude(before.reason, { _tag: "NotMigrated", found: 0, known: 1 })
      yield* Effect.promise(() => pool.query(`CREATE SCHEMA ${schema}`))
      yield* Effect.promise(() => pool.query(PostgresRepository.migrationsSql({ schema })))
      const { repository, usage } = yield* portsOf(PostgresRepository.layer(options))
      const token = aToken()
      yield* repository.insert(token)
      yield* usage.record([aUse({ tokenId: token.id })])
    }),
  )

  it.effect("reports someone else's table with the same name, and leaves it alone", () =>
    Effect.gen(function* () {
      const { url, schema, pool, names } = yield* aFreshPlace
      yield* Effect.promise(() => pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.api_token (x text)`))
      const error = yield* failureOf({ url, schema })
      assert.strictEqual(error.reason._tag, "Conflicting")
      assert.deepStrictEqual(yield* names, ["api_token"])
    }),
  )

  it.effect("works without a schema or a prefix, beside tables with a prefix", () =>
    Effect.gen(function* () {
      const url = yield* aDatabase()
      const plain = yield* portsOf(PostgresRepository.layer({ url }))
      const prefixed = yield* portsOf(PostgresRepository.layer({ url, tablePrefix: "auth_" }))
      const token = aToken()
      yield* plain.repository.insert(token)
      yield* prefixed.repository.insert(token)
    }),
  )
})

describe.skipIf(withoutPostgres)("opening says what is wrong", () => {
  const wrong = [
    ["a URL that is none", () => "http://user:s3cret@localhost/app", "InvalidUrl"],
    ["a URL with a broken port", () => "postgres://user:s3cret@localhost:port/app", "InvalidUrl"],
    ["a server that is not there", () => "postgres://user:s3cret@127.0.0.1:1/app", "Unreachable"],
  ] as const

  it.effect.each(wrong)("with %s, and reveals no password", ([, url, reason]) =>
    Effect.gen(function* () {
      const error = yield* failureOf({ url: url() })
      assert.instanceOf(error, PostgresOpenError)
      assert.strictEqual(error.reason._tag, reason)
      assert.notInclude(error.message + inspect(error, { depth: 9, showHidden: true }), "s3cret")
    }),
  )

  it.effect("with an unknown database or user", () =>
    Effect.gen(function* () {
      const { url } = yield* aPlace
      const elsewhere = new URL(url)
      elsewhere.pathname = "/no-such-database"
      assert.strictEqual((yield* failureOf({ url: elsewhere.href })).reason._tag, "NoDatabase")
      const stranger = new URL(url)
      stranger.username = "nobody-of-this-name"
      stranger.password = "s3cret"
      const error = yield* failureOf({ url: stranger.href })
      assert.strictEqual(error.reason._tag, "NotAuthorized")
      assert.notInclude(inspect(error, { depth: 9, showHidden: true }), "s3cret")
    }),
  )
})

it("migrations.sql is what the code says", () => {
  const file = readFileSync(new URL("../migrations.sql", import.meta.url), "utf8")
  assert.strictEqual(file, PostgresRepository.migrationsSql())
})
