import { assert, it } from "@effect/vitest"
import { ApiTokens, ScopeCatalogue } from "@tokenry/core"
import { NodeCrypto } from "@tokenry/core/node"
import { aToken } from "@tokenry/repository-contract/tokens"
import { SqliteRepository } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { backup } from "node:sqlite"
import { nextLine, start } from "./processes.ts"
import { openStore, temporaryFile } from "./stores.ts"

it.live("after a writing process is killed, the file is whole and all that it acknowledged is there", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const { child, lines } = yield* start("insert", { args: [filename] })
    const acknowledged: Array<string> = []
    for (let line = yield* nextLine(lines); line !== ""; line = yield* nextLine(lines)) {
      acknowledged.push(line)
      if (acknowledged.length === 200) child.kill("SIGKILL")
    }
    assert.isAtLeast(acknowledged.length, 200)

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

it.live("a backup that is made while the file is in use has all that was acknowledged", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const { database, repository } = yield* openStore({ filename })
    const tokens = Array.from({ length: 20 }, () => aToken())
    for (const token of tokens) yield* repository.insert(token)
    yield* Effect.promise(() => backup(database.connection, `${filename}.backup`))
    const restored = yield* openStore({ filename: `${filename}.backup` })
    assert.strictEqual((yield* restored.repository.findManyById(tokens.map(({ id }) => id))).length, 20)
  }),
)

it.live("the file holds digests, and no plaintext token", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const layer = ApiTokens.layer({ catalogue: ScopeCatalogue.make({ "a:read": "Read" }) }).pipe(
      Layer.provide([SqliteRepository.layer({ filename }), NodeCrypto.layer]),
    )
    const content = () => Buffer.concat([filename, `${filename}-wal`, `${filename}-shm`].map(bytesOf))
    const check = (plaintext: string) => {
      const digest = hash("sha256", plaintext, "hex")
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
