import { assert, it } from "@effect/vitest"
import { aToken } from "@tokenry/repository-contract/tokens"
import { SqliteDatabase, type SqliteOpenError } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { nextLine, start } from "./processes.ts"
import { openStore, temporaryFile, temporaryFolder } from "./stores.ts"

const refusalOf = (filename: string) => Effect.flip(Effect.scoped(openStore({ filename })))

it.effect("a file that holds something else is refused and left as it is", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const content = "not a database, ".repeat(1000)
    writeFileSync(filename, content)
    const error = yield* refusalOf(filename)
    assert.strictEqual(error.reason._tag, "NotADatabase")
    assert.include(error.message, filename)
    assert.strictEqual(readFileSync(filename, "utf8"), content)
  }),
)

it.effect("a folder in the file's place is refused, and so is a file in a folder that is missing", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const isFolder = yield* refusalOf(folder)
    assert.strictEqual(isFolder.reason._tag, "CannotOpen")
    assert.include(isFolder.message, `${folder} can't be opened: it is a folder`)
    const isMissing = yield* refusalOf(join(folder, "no", "tokens.sqlite"))
    assert.strictEqual(isMissing.reason._tag, "CannotOpen")
    assert.include(isMissing.message, `the folder ${join(folder, "no")} doesn't exist`)
  }),
)

/** Somebody who owns nothing. As root, only another user's process meets permissions. */
const nobody = process.getuid?.() === 0 ? ["65534"] : []

const refusalInAnotherProcess = (filename: string) =>
  Effect.gen(function* () {
    const { child, lines } = yield* start("open", { args: [filename, ...nobody] })
    child.stdin.end()
    yield* nextLine(lines)
    return JSON.parse(yield* nextLine(lines)) as { readonly error: SqliteOpenError; readonly message: string }
  })

const aClosedStoreIn = (folder: string) => {
  chmodSync(folder, 0o755)
  const filename = join(folder, "tokens.sqlite")
  return Effect.as(Effect.scoped(openStore({ filename })), filename)
}

it.live("a read-only file is refused, for a user bound by permissions", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const filename = yield* aClosedStoreIn(folder)
    chmodSync(folder, 0o777)
    chmodSync(filename, 0o444)
    const { error, message } = yield* refusalInAnotherProcess(filename)
    assert.strictEqual(error.reason._tag, "NotWritable")
    assert.include(message, filename)
    assert.include(message, "right to write both the file and its folder")
  }),
)

it.live("a read-only folder is refused, with the file in it or without, for a user bound by permissions", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const filename = yield* aClosedStoreIn(folder)
    chmodSync(filename, 0o666)
    chmodSync(folder, 0o555)
    for (const path of [filename, join(folder, "new.sqlite")]) {
      const { error, message } = yield* refusalInAnotherProcess(path)
      assert.strictEqual(error.reason._tag, "NotWritable")
      assert.include(message, path)
    }
    chmodSync(folder, 0o755)
  }),
)

it.live("a file that may not be read is refused, for a user bound by permissions", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const filename = yield* aClosedStoreIn(folder)
    chmodSync(folder, 0o777)
    chmodSync(filename, 0o000)
    const { error, message } = yield* refusalInAnotherProcess(filename)
    assert.strictEqual(error.reason._tag, "CannotOpen")
    assert.include(message, "isn't allowed to read it")
  }),
)

it.effect("a file that stays locked is refused at the deadline", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const other = new DatabaseSync(filename)
    other.exec("CREATE TABLE a (x); BEGIN EXCLUSIVE")
    const opening = yield* Effect.forkChild(refusalOf(filename))
    yield* TestClock.adjust("5 seconds")
    const error = yield* Fiber.join(opening)
    other.close()
    assert.strictEqual(error.reason._tag, "Locked")
    assert.include(error.message, filename)
  }),
)

it.live("a file that is locked for a while is opened when the lock is gone", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const other = new DatabaseSync(filename)
    other.exec("CREATE TABLE a (x); BEGIN EXCLUSIVE")
    const opening = yield* Effect.forkScoped(openStore({ filename }), { startImmediately: true })
    assert.isUndefined(opening.pollUnsafe())
    other.close()
    const { repository } = yield* Fiber.join(opening)
    yield* repository.insert(aToken())
  }),
)

it.effect("a file that stays locked while its tables must be created is refused at the deadline", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const other = new DatabaseSync(filename)
    other.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE")
    const opening = yield* Effect.forkChild(refusalOf(filename), { startImmediately: true })
    yield* TestClock.adjust("5 seconds")
    const error = yield* Fiber.join(opening)
    other.close()
    assert.strictEqual(error.reason._tag, "Locked")
    assert.include(error.message, filename)
  }),
)

it.effect("what is written is on disk when it is acknowledged: WAL, synchronous FULL, foreign keys, a short wait", () =>
  Effect.gen(function* () {
    const database = yield* Effect.flatMap(temporaryFile, (filename) => SqliteDatabase.openScoped({ filename }))
    const pragma = (name: string) => Object.values(database.connection.prepare(`PRAGMA ${name}`).get() ?? {})[0]
    assert.strictEqual(pragma("journal_mode"), "wal")
    assert.strictEqual(pragma("synchronous"), 2)
    assert.strictEqual(pragma("foreign_keys"), 1)
    assert.isAtMost(Number(pragma("busy_timeout")), 50)
  }),
)

it.effect("an application's own user_version stays as it is", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const other = new DatabaseSync(filename)
    other.exec("PRAGMA user_version = 42")
    yield* openStore({ filename })
    assert.deepStrictEqual({ ...other.prepare("PRAGMA user_version").get() }, { user_version: 42 })
    other.close()
  }),
)

it.effect("closing twice is as good as once, and what comes afterwards fails as an outage", () =>
  Effect.gen(function* () {
    const { database, repository } = yield* openStore({ filename: ":memory:" })
    const token = aToken()
    yield* repository.insert(token)
    database.close()
    database.close()
    assert.strictEqual((yield* Effect.flip(repository.findById(token.id)))._tag, "RepositoryUnavailable")
    assert.strictEqual((yield* Effect.flip(repository.insert(aToken())))._tag, "RepositoryUnavailable")
    const error = yield* Effect.flip(repository.findByDigest([token.secrets[0].digest]))
    assert.strictEqual(error.operation, "findByDigest")
  }),
)
