import { assert, it } from "@effect/vitest"
import { aToken } from "@tokenry/repository-contract/tokens"
import { type MigrateOptions, migrate, type Migration, SqliteDatabase, SqliteRepository } from "@tokenry/sqlite"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { nextLine, start } from "./processes.ts"
import { aStore, openStore, temporaryFile } from "./stores.ts"

const one: Migration = { version: 1, name: "a", up: "CREATE TABLE a (x INTEGER) STRICT", down: "DROP TABLE a" }
const steps: ReadonlyArray<Migration> = [
  { ...one, up: `${one.up}; INSERT INTO a VALUES (1)` },
  { version: 2, name: "b", up: "ALTER TABLE a ADD y INTEGER", down: "ALTER TABLE a DROP y" },
  { version: 5, name: "c", up: "CREATE TABLE c (x INTEGER) STRICT", down: "DROP TABLE c" },
]

const aDatabase = Effect.flatMap(temporaryFile, (filename) => SqliteDatabase.openScoped({ filename }))

const rowsOf = (database: SqliteDatabase, query: string) =>
  database.connection
    .prepare(query)
    .all()
    .map((row) => ({ ...row }))

const tablesIn = (database: SqliteDatabase) =>
  rowsOf(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").map(({ name }) => name)

it.live("eight processes that start at once on a file that does not exist make its schema once", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const processes = yield* Effect.all(Array.from({ length: 8 }, () => start("open", { args: [filename] })))
    for (const { lines } of processes) assert.strictEqual(yield* nextLine(lines), "ready")
    for (const { child } of processes) child.stdin.end()
    for (const { lines } of processes) assert.strictEqual(yield* nextLine(lines), '{"opened":true}')
    const database = yield* SqliteDatabase.openScoped({ filename })
    assert.deepStrictEqual(rowsOf(database, "SELECT version, name FROM tokenry_migration ORDER BY version"), [
      { version: 1, name: "tokens, their secrets and their uses" },
    ])
  }),
)

it.live("many that have all seen the file without its schema take each step once", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const databases = yield* Effect.all(Array.from({ length: 8 }, () => SqliteDatabase.openScoped({ filename })))
    const [blocking, ...others] = databases
    assert.isDefined(blocking)
    blocking.connection.exec("BEGIN IMMEDIATE")
    const migrating = yield* Effect.forEach(others, (database) =>
      Effect.forkChild(migrate(database, { migrations: steps }), { startImmediately: true }),
    )
    blocking.connection.exec("COMMIT")
    yield* Fiber.joinAll(migrating)
    assert.deepStrictEqual(rowsOf(blocking, "SELECT version FROM tokenry_migration"), [
      { version: 1 },
      { version: 2 },
      { version: 5 },
    ])
  }),
)

it.effect("the schema goes down to nothing, and up again", () =>
  Effect.gen(function* () {
    const { database, repository } = yield* aStore
    yield* repository.insert(aToken({ ancestors: [aToken().id] }))
    const { migrations } = SqliteRepository
    yield* migrate(database, { migrations, to: 0 })
    assert.deepStrictEqual(tablesIn(database), ["tokenry_migration"])
    assert.deepStrictEqual(rowsOf(database, "SELECT * FROM tokenry_migration"), [])
    yield* migrate(database, { migrations })
    const token = aToken()
    yield* repository.insert(token)
    assert.isTrue(Option.isSome(yield* repository.findById(token.id)))
  }),
)

it.effect("a file that is opened again keeps its tokens", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const token = aToken()
    yield* Effect.scoped(Effect.flatMap(openStore({ filename }), ({ repository }) => repository.insert(token)))
    const { repository } = yield* openStore({ filename })
    assert.isTrue(Option.isSome(yield* repository.findById(token.id)))
  }),
)

it.effect("an application migrates tables of its own, step by step, up and down", () =>
  Effect.gen(function* () {
    const database = yield* aDatabase
    const go = (options: Partial<MigrateOptions>) =>
      migrate(database, { table: "app_step", migrations: steps, ...options })
    const record = () => rowsOf(database, "SELECT version FROM app_step ORDER BY version").map(({ version }) => version)
    yield* go({ to: 1 })
    assert.deepStrictEqual(record(), [1])
    yield* go({})
    yield* go({})
    assert.deepStrictEqual(record(), [1, 2, 5])
    assert.deepStrictEqual(rowsOf(database, "SELECT * FROM a"), [{ x: 1, y: null }])
    yield* go({ to: 2 })
    assert.deepStrictEqual(
      [record(), tablesIn(database)],
      [
        [1, 2],
        ["a", "app_step"],
      ],
    )
    yield* go({ to: 0 })
    assert.deepStrictEqual([record(), tablesIn(database)], [[], ["app_step"]])
  }),
)

it.effect("a step that fails leaves nothing of itself, and what came before it stays", () =>
  Effect.gen(function* () {
    const database = yield* aDatabase
    const bad: Migration = { version: 2, name: "bad", up: "CREATE TABLE b (x INTEGER); NO SQL", down: "" }
    const exit = yield* Effect.exit(migrate(database, { migrations: [one, bad] }))
    assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    assert.deepStrictEqual(tablesIn(database), ["a", "tokenry_migration"])
    assert.deepStrictEqual(rowsOf(database, "SELECT version FROM tokenry_migration"), [{ version: 1 }])
  }),
)

it.effect("a database that is newer than the code is refused as it is", () =>
  Effect.gen(function* () {
    const { database, filename } = yield* aStore
    database.connection.exec("INSERT INTO tokenry_migration VALUES (7, 'later', 0)")
    const error = yield* Effect.flip(Effect.scoped(openStore({ filename })))
    assert.deepStrictEqual(
      { ...error.reason },
      { _tag: "NewerThanCode", table: "tokenry_migration", found: 7, known: 1 },
    )
    assert.include(error.message, filename)
    assert.include(error.message, "Upgrade the code")
    yield* Effect.flip(migrate(database, { migrations: SqliteRepository.migrations, to: 0 }))
    assert.include(tablesIn(database), "api_token")
  }),
)

it.effect("migrations out of order, a version that there is not, and a table's name that is none are defects", () =>
  Effect.gen(function* () {
    const database = yield* aDatabase
    const wrong: ReadonlyArray<MigrateOptions> = [
      { migrations: [...steps].toReversed() },
      { migrations: [one, one] },
      { migrations: [{ ...one, version: 0 }] },
      { migrations: steps, to: 3 },
      { migrations: steps, table: "a; DROP TABLE a" },
    ]
    for (const options of wrong) {
      const exit = yield* Effect.exit(migrate(database, options))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }
    assert.deepStrictEqual(tablesIn(database), [])
  }),
)
