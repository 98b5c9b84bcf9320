/** Which SQLite errors are outages and which are bugs, and whose turn it is after a lock. */
import { assert, describe, it } from "@effect/vitest"
import { aToken } from "@tokenry/repository-contract/tokens"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { LockQueue } from "../src/LockQueue.ts"
import { Locked, outcomeOf } from "../src/outcome.ts"
import { aStore } from "./stores.ts"

const sqliteError = (errcode: number) => Object.assign(new Error("as SQLite says"), { errcode })

const kindOf = (error: unknown) => {
  const outcome = outcomeOf("insert", () => {
    throw error
  })
  if (outcome instanceof Locked) return "lock"
  if (Exit.isSuccess(outcome)) return "value"
  return Cause.hasDies(outcome.cause) ? "defect" : "outage"
}

describe("what SQLite throws", () => {
  it.each<[string, string, number]>([
    ["outage", "SQLITE_FULL", 13],
    ["outage", "SQLITE_IOERR", 10],
    ["outage", "SQLITE_IOERR_WRITE", 10 | (3 << 8)],
    ["outage", "SQLITE_READONLY_DBMOVED", 8 | (4 << 8)],
    ["outage", "SQLITE_CORRUPT_INDEX", 11 | (3 << 8)],
    ["lock", "SQLITE_BUSY", 5],
    ["lock", "SQLITE_BUSY_SNAPSHOT", 5 | (2 << 8)],
    ["defect", "SQLITE_CONSTRAINT_UNIQUE", 19 | (8 << 8)],
    ["defect", "SQLITE_ERROR", 1],
  ])("is an %s: %s", (kind, _, code) => {
    assert.strictEqual(kindOf(sqliteError(code)), kind)
  })

  it("is a defect if it is not SQLite's", () => {
    for (const error of [new TypeError("x"), "x", undefined, { errcode: 13 }])
      assert.strictEqual(kindOf(error), "defect")
  })
})

it.effect("a disk that fills up in the middle of an operation is an outage, and nothing is half written", () =>
  Effect.gen(function* () {
    const { database, repository } = yield* aStore
    const pages = Number(database.connection.prepare("PRAGMA page_count").get()?.["page_count"])
    database.connection.exec(`PRAGMA max_page_count = ${pages + 1}`)
    let inserted = 0
    const insertion = Effect.suspend(() => repository.insert(aToken({ issuedTo: aToken().issuedTo })))
    const error = yield* Effect.flip(
      Effect.forever(Effect.tap(insertion, () => Effect.sync(() => void (inserted += 1)))),
    )
    assert.strictEqual(error._tag, "RepositoryUnavailable")
    const count = database.connection.prepare("SELECT count(*) AS n FROM api_token").get()?.["n"]
    assert.strictEqual(count, inserted)
  }),
)

it.effect("after a lock those who waited go first, in their order, and no latecomer overtakes them", () =>
  Effect.gen(function* () {
    const queue = new LockQueue(Duration.minutes(1))
    const order: Array<string> = []
    let isLocked = true
    const call = (name: string) =>
      Effect.suspend(() =>
        queue.runNow(name, () => {
          if (isLocked) return new Locked({ cause: undefined })
          order.push(name)
          return Exit.void
        }),
      )
    const waiting = yield* Effect.forEach(["first", "second"], (name) =>
      Effect.forkChild(call(name), { startImmediately: true }),
    )
    isLocked = false
    const latecomer = yield* Effect.forkChild(call("latecomer"), { startImmediately: true })
    assert.deepStrictEqual(order, [])
    yield* TestClock.adjust("1 second")
    yield* Fiber.joinAll([...waiting, latecomer])
    assert.deepStrictEqual(order, ["first", "second", "latecomer"])
  }),
)
