import { assert, it } from "@effect/vitest"
import { ApiTokens, ScopeCatalogue } from "@tokenry/core"
import { NodeCrypto } from "@tokenry/core/node"
import { SqliteRepository } from "@tokenry/sqlite"
import { Effect, Layer } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { start } from "./processes.ts"
import { openStore, temporaryFile } from "./stores.ts"
import { digestOf } from "./tokens.ts"

it.live("after a writing process is killed, the file is whole and all that it acknowledged is there", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const child = yield* start("insert", filename)
    const acknowledged: Array<string> = []
    yield* Effect.promise(async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(line)
        if (acknowledged.length === 200) child.kill("SIGKILL")
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
    })
    assert.isAtLeast(acknowledged.length, 200)
    assert.strictEqual(child.signalCode, "SIGKILL")

    const { database } = yield* openStore({ filename })
    const rows = (query: string) => database.connection.prepare(query).all()
    assert.deepStrictEqual(
      rows("PRAGMA integrity_check").map((row) => ({ ...row })),
      [{ integrity_check: "ok" }],
    )
    assert.deepStrictEqual(rows("PRAGMA foreign_key_check"), [])
    assert.includeMembers(
      rows("SELECT id FROM api_token JOIN api_token_secret ON token_number = number").map(({ id }) => id),
      acknowledged,
    )
  }),
)

it.live("the file holds digests, and no plaintext token", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const layer = ApiTokens.layer({ scopes: ScopeCatalogue.make({ "a:read": "Read" }) }).pipe(
      Layer.provide([SqliteRepository.layer({ filename }), NodeCrypto.layer]),
    )
    const content = () => Buffer.concat([filename, `${filename}-wal`, `${filename}-shm`].map(bytesOf))
    const check = (plaintext: string) => {
      const digest = digestOf(plaintext).hex
      assert.isTrue(content().includes(digest), "the digest is stored")
      for (const secret of [plaintext, plaintext.slice(4), plaintext.slice(4, -6)]) {
        assert.isFalse(content().includes(secret), "the plaintext is not")
      }
    }
    const plaintext = yield* Effect.provide(
      Effect.gen(function* () {
        const tokens = yield* ApiTokens
        const issued = yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["a:read"] })
        yield* tokens.verify(issued.plaintext)
        check(issued.plaintext)
        return issued.plaintext
      }),
      layer,
    )
    check(plaintext)
  }),
)

const bytesOf = (path: string) => (existsSync(path) ? readFileSync(path) : Buffer.of())
