/** Bulk work takes turns with the rest of the process: each transaction, page and checkpoint in a turn of its own. */
import { assert, it } from "@effect/vitest"
import { replacingMany, unattributed } from "@tokenry/core/adapter"
import { at, aToken, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { statSync } from "node:fs"
import { openStore, temporaryFile } from "./stores.ts"

const ownedBy = owner("owner-1")
const revocation = { at: at(5), reason: "deactivated" }
const third = { issuedTo: Option.some("an app") }

/** A store of expired tokens of one owner and one app. Its log is empty, and SQLite itself doesn't checkpoint it. */
const storeOf = Effect.fnUntraced(function* (count: number) {
  const filename = yield* temporaryFile
  const store = yield* openStore({ filename })
  const db = store.database.connection
  db.exec("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 1000000")
  const tokens = Array.from({ length: count }, () => aToken({ ownedBy, ...third, expiresAt: Option.some(at(-1)) }))
  for (const token of tokens) yield* store.repository.insert(token)
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)")
  return { ...store, tokens }
})

type Store = Effect.Success<ReturnType<typeof storeOf>>

const bulkWork: Readonly<Record<string, (store: Store) => Effect.Effect<unknown, unknown>>> = {
  revokeOwnedBy: ({ repository }) => repository.revokeOwnedBy(ownedBy, revocation, unattributed),
  revokeIssuedTo: ({ repository }) => repository.revokeIssuedTo("an app", Option.none(), revocation, unattributed),
  purge: ({ repository }) => repository.purge(at(0)),
  replaceMany: ({ repository, tokens }) =>
    replacingMany(repository)(
      tokens.map((token) => ({ token: token.revoke(revocation, unattributed), expectedRevision: token.revision })),
    ),
}

/** Of a page in the log. Without checkpoints, the log would have more than 1000. */
const pageBytes = 4096 + 24

for (const [name, work] of Object.entries(bulkWork)) {
  it.effect(`${name} shares no turn of the event loop with its caller`, () =>
    Effect.gen(function* () {
      const store = yield* storeOf(3)
      const changes = () => store.database.connection.prepare("SELECT total_changes() AS n").get()?.["n"]
      const before = changes()
      const fiber = Effect.runFork(work(store))
      assert.strictEqual(changes(), before)
      yield* Fiber.join(fiber)
      assert.notStrictEqual(changes(), before)
    }),
  )

  it.effect(`${name} checkpoints its log in small steps`, () =>
    Effect.gen(function* () {
      const store = yield* storeOf(1500)
      yield* work(store)
      assert.isAtMost(statSync(`${store.filename}-wal`).size, 600 * pageBytes)
    }),
  )
}

it.effect("where automatic checkpoints are off, bulk work does none either", () =>
  Effect.gen(function* () {
    const { database, repository, filename } = yield* storeOf(1500)
    database.connection.exec("PRAGMA wal_autocheckpoint = 0")
    yield* repository.purge(at(0))
    assert.isAbove(statSync(`${filename}-wal`).size, 1000 * pageBytes)
  }),
)

it.effect("a stream reads its page in a turn of its own", () =>
  Effect.gen(function* () {
    const { database, repository } = yield* storeOf(1)
    const found = Effect.runFork(Stream.runCollect(repository.undelivered))
    database.connection.exec("DELETE FROM api_token")
    assert.deepStrictEqual(yield* Fiber.join(found), [])
  }),
)
