import { assert, it } from "@effect/vitest"
import { unattributed } from "@tokenry/core/adapter"
import { at, aToken, named } from "@tokenry/repository-contract/tokens"
import { SqliteDatabase } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { DatabaseSync } from "node:sqlite"
import { nextLine, start } from "./processes.ts"
import { aStore, openStore, temporaryFile } from "./stores.ts"

/** Another connection to the file, which holds the lock for writing until it is released. */
const lockOf = (filename: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const other = new DatabaseSync(filename)
      other.exec("BEGIN IMMEDIATE")
      let isHeld = true
      const release = () => {
        if (isHeld) other.close()
        isHeld = false
      }
      return { release }
    }),
    ({ release }) => Effect.sync(release),
  )

it.live("while another connection holds the lock, the event loop turns, reads go on, writes wait", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const { repository } = yield* openStore({ filename, lockDeadline: { write: "30 seconds" } })
    const token = aToken()
    yield* repository.insert(token)
    const lock = yield* lockOf(filename)

    const newcomers = Array.from({ length: 20 }, () => aToken())
    const writing = yield* Effect.forkChild(
      Effect.forEach(newcomers, (newcomer) => repository.insert(newcomer), { concurrency: "unbounded" }),
    )
    // SQLite's own way to wait would block the event loop until it gives up, and the writes would have failed by then.
    for (let turn = 0; turn < 200; turn++) {
      yield* Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 1)))
      const found = repository.findByDigest([token.secrets[0].digest])
      assert.isTrue(Exit.isExit(found), "the answer is at hand")
      assert.isTrue(Option.isSome(yield* found))
    }
    assert.isUndefined(writing.pollUnsafe())
    assert.strictEqual((yield* repository.findManyById(newcomers.map(({ id }) => id))).length, 0)

    lock.release()
    yield* Fiber.join(writing)
    assert.strictEqual((yield* repository.findManyById(newcomers.map(({ id }) => id))).length, 20)
  }),
)

it.effect("a lock that outlasts the deadline is an outage, and nothing is written", () =>
  Effect.gen(function* () {
    const { repository, filename } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    const lock = yield* lockOf(filename)
    const attempts = [
      repository.insert(aToken()),
      repository.replace(token.rename(named("x"), at(1), unattributed), 1),
      repository.revokeOwnedBy(token.ownedBy, { at: at(0), reason: "x" }, unattributed),
      repository.purge(at(99)),
    ]
    const writing = yield* Effect.forkChild(
      Effect.forEach(attempts, (attempt) => Effect.flip(attempt), { concurrency: "unbounded" }),
      { startImmediately: true },
    )
    yield* TestClock.adjust("4900 millis")
    assert.isUndefined(writing.pollUnsafe())
    yield* TestClock.adjust("100 millis")
    const errors = yield* Fiber.join(writing)
    assert.deepStrictEqual(
      errors.map((error) => (error._tag === "RepositoryUnavailable" ? error.operation : error._tag)),
      ["insert", "replace", "revokeOwnedBy", "purge"],
    )
    for (const error of errors) assert.include(String(error.cause), "database is locked")
    lock.release()
    assert.deepStrictEqual(
      (yield* repository.findById(token.id)).pipe(Option.map(({ revision }) => revision)),
      Option.some(1),
    )
    yield* repository.insert(aToken())
  }),
)

it.live("a function that writes does not run before it has the lock", () =>
  Effect.gen(function* () {
    const { database, filename } = yield* aStore
    const lock = yield* lockOf(filename)
    let runs = 0
    const writing = yield* Effect.forkChild(
      database.write("count", () => ++runs),
      { startImmediately: true },
    )
    assert.strictEqual(runs, 0)
    lock.release()
    assert.strictEqual(yield* Fiber.join(writing), 1)
  }),
)

it.effect("the deadlines can be chosen", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const { repository } = yield* openStore({ filename, lockDeadline: { write: "1 second" } })
    yield* lockOf(filename)
    const writing = yield* Effect.forkChild(Effect.flip(repository.insert(aToken())), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* Fiber.join(writing))._tag, "RepositoryUnavailable")
  }),
)

it.live("a write that waits can be interrupted, and those behind it go on", () =>
  Effect.gen(function* () {
    const { repository, filename } = yield* aStore
    const lock = yield* lockOf(filename)
    const [given, up] = [aToken(), aToken()]
    const first = yield* Effect.forkChild(repository.insert(given), { startImmediately: true })
    const second = yield* Effect.forkChild(repository.insert(up), { startImmediately: true })
    yield* Fiber.interrupt(first)
    lock.release()
    yield* Fiber.join(second)
    assert.isTrue(Option.isNone(yield* repository.findById(given.id)))
    assert.isTrue(Option.isSome(yield* repository.findById(up.id)))
  }),
)

it.live("a lookup by digest that meets a lock waits for it, and then gives the answer", () =>
  Effect.gen(function* () {
    const { repository, filename, database } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    // In WAL mode readers meet no lock; a connection that claims the file for itself makes them.
    database.connection.exec("PRAGMA journal_mode = DELETE")
    const other = new DatabaseSync(filename)
    other.exec("BEGIN EXCLUSIVE")
    const found = repository.findByDigest([token.secrets[0].digest])
    assert.isFalse(Exit.isExit(found))
    const reading = yield* Effect.forkChild(found, { startImmediately: true })
    const behind = yield* Effect.forkChild(repository.findById(token.id), { startImmediately: true })
    assert.isUndefined(reading.pollUnsafe())
    other.close()
    assert.isTrue(Option.isSome(yield* Fiber.join(reading)))
    assert.isTrue(Option.isSome(yield* Fiber.join(behind)))
    assert.isTrue(Exit.isExit(repository.findByDigest([token.secrets[0].digest])), "answers are at hand again")
  }),
)

it.effect("a lock that outlasts a read's deadline is an outage", () =>
  Effect.gen(function* () {
    const { repository, filename, database } = yield* aStore
    database.connection.exec("PRAGMA journal_mode = DELETE")
    const other = new DatabaseSync(filename)
    other.exec("BEGIN EXCLUSIVE")
    const reading = yield* Effect.forkChild(Effect.flip(repository.findByDigest([aToken().secrets[0].digest])), {
      startImmediately: true,
    })
    yield* TestClock.adjust("2 seconds")
    const error = yield* Fiber.join(reading)
    other.close()
    assert.deepStrictEqual([error._tag, error.operation], ["RepositoryUnavailable", "findByDigest"])
    assert.include(String(error.cause), "database is locked")
  }),
)

it.live("two processes on one file see each other's writes at once", () =>
  Effect.gen(function* () {
    const { repository, filename } = yield* aStore
    const { child, lines } = yield* start("converse", { args: [filename] })
    const ask = (question: object) =>
      Effect.suspend(() => {
        child.stdin.write(`${JSON.stringify(question)}\n`)
        return Effect.map(nextLine(lines), (line) => JSON.parse(line))
      })
    for (let round = 0; round < 10; round++) {
      const token = aToken()
      yield* repository.insert(token)
      assert.isTrue(yield* ask({ find: token.id }))
      assert.isTrue(Option.isSome(yield* repository.findById(yield* ask({ insert: true }))))
    }
  }),
)

const insert = (db: SqliteDatabase["connection"]) => db.exec("INSERT INTO a VALUES (1)")

it.effect("what a function throws rolls its writes back and is a defect; a promise is one too", () =>
  Effect.gen(function* () {
    const database = yield* SqliteDatabase.openScoped({ filename: ":memory:" })
    yield* database.write("create", (db) => db.exec("CREATE TABLE a (x INTEGER NOT NULL UNIQUE) STRICT"))
    const mistakes = [
      (db: SqliteDatabase["connection"]) => {
        insert(db)
        throw new TypeError("a mistake")
      },
      (db: SqliteDatabase["connection"]) => {
        insert(db)
        insert(db)
      },
      async (db: SqliteDatabase["connection"]) => insert(db),
    ]
    for (const mistake of mistakes) {
      const exit = yield* Effect.exit(database.write<unknown>("insert", mistake))
      assert.isTrue(Exit.hasDies(exit))
    }
    assert.strictEqual(yield* database.read("count", (db) => db.prepare("SELECT count(*) AS n FROM a").get()?.["n"]), 0)
  }),
)
