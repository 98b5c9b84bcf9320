/** A store on a connection that the application has opened itself, beside the application's own tables. */
import { expect, it } from "@effect/vitest"
import { ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { SqliteRepository } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import { DatabaseSync } from "node:sqlite"
import { temporaryFile } from "./stores.ts"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See treasures" })
const request = { ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] } as const

const opened = (db: DatabaseSync) => createApiTokens({ repository: SqliteRepository.layerFrom(db), catalogue })

it.effect("tokens live beside the application's tables, and closing leaves the connection open", () =>
  Effect.gen(function* () {
    const db = new DatabaseSync(yield* temporaryFile)
    yield* Effect.addFinalizer(() => Effect.sync(() => db.close()))
    db.exec("CREATE TABLE account (id TEXT PRIMARY KEY) STRICT; INSERT INTO account VALUES ('user-1')")
    yield* Effect.promise(async () => {
      const tokens = await opened(db)
      const { plaintext } = await tokens.issue(request)
      await tokens.close()
      expect(db.isOpen).toBe(true)
      const again = await opened(db)
      expect(await again.verify(plaintext)).toMatchObject({ accepted: true })
      await again.close()
    })
    expect({ ...db.prepare("SELECT id FROM account").get() }).toEqual({ id: "user-1" })
  }),
)

it("a database in memory will do", async () => {
  using db = new DatabaseSync(":memory:")
  const tokens = await opened(db)
  const { plaintext } = await tokens.issue(request)
  expect(await tokens.verify(plaintext)).toMatchObject({ accepted: true })
  await tokens.close()
})

it("a connection without foreign keys is refused, with what to write", async () => {
  using db = new DatabaseSync(":memory:", { enableForeignKeyConstraints: false })
  await expect(opened(db)).rejects.toThrow("enableForeignKeyConstraints: true")
})

it("a transaction that the application has left open is a mistake, and says so; nothing is written", async () => {
  using db = new DatabaseSync(":memory:")
  const tokens = await opened(db)
  db.exec("BEGIN")
  await expect(tokens.issue(request)).rejects.toThrow("A transaction is open on this connection")
  db.exec("ROLLBACK")
  expect((await tokens.list({ ownedBy: "user-1" })).items).toEqual([])
  await tokens.close()
})

it("a connection that the application has closed is an outage", async () => {
  const db = new DatabaseSync(":memory:")
  const tokens = await opened(db)
  const { plaintext } = await tokens.issue(request)
  db.close()
  await expect(tokens.verify(plaintext)).rejects.toMatchObject({ _tag: "RepositoryUnavailable" })
  await tokens.close()
})
