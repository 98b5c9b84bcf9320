/** The files that a store keeps: who can read them, how large they get, and what if others are put in their place. */
import { assert, it } from "@effect/vitest"
import { unattributed } from "@tokenry/core/adapter"
import { at, aToken, owner } from "@tokenry/repository-contract/tokens"
import { SqliteDatabase } from "@tokenry/sqlite"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, relative } from "node:path"
import { backup, DatabaseSync } from "node:sqlite"
import { openStore, temporaryFile, temporaryFolder } from "./stores.ts"

const ownedBy = owner("owner-1")

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

it.effect("a new file, and those beside it, are for their owner only", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const { repository } = yield* openStore({ filename })
    yield* repository.insert(aToken({ ownedBy }))
    assert.deepStrictEqual(
      ["", "-wal", "-shm"].map((suffix) => modeOf(filename + suffix)),
      ["600", "600", "600"],
    )
  }),
)

it.effect("a file that was there keeps the mode that somebody gave it", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    yield* Effect.scoped(openStore({ filename }))
    chmodSync(filename, 0o640)
    yield* openStore({ filename })
    assert.strictEqual(modeOf(filename), "640")
  }),
)

it.effect("a name that begins with file: is a name, with all that is in it", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    for (const name of ["file:tokens.sqlite?mode=memory", "file:%41"]) {
      const filename = join(relative(process.cwd(), folder), name)
      yield* Effect.scoped(
        Effect.flatMap(openStore({ filename }), ({ repository }) => repository.insert(aToken({ ownedBy }))),
      )
      assert.include(readdirSync(folder), name)
    }
    const before = process.cwd()
    yield* Effect.acquireUseRelease(
      Effect.sync(() => process.chdir(folder)),
      () => Effect.scoped(openStore({ filename: "file:other.sqlite?mode=memory" })),
      () => Effect.sync(() => process.chdir(before)),
    )
    assert.include(readdirSync(folder), "file:other.sqlite?mode=memory")
  }),
)

it.effect("a log that had to grow while somebody read shrinks again when they are done", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const database = yield* SqliteDatabase.openScoped({ filename })
    const write = (bytes: number) =>
      database.write("write", (db) => db.prepare("INSERT INTO a VALUES (zeroblob(?))").run(bytes))
    yield* database.write("create", (db) => db.exec("CREATE TABLE a (x BLOB) STRICT"))
    const reader = new DatabaseSync(filename)
    reader.exec("BEGIN; SELECT count(*) FROM a")
    for (let index = 0; index < 24; index++) yield* write(1_000_000)
    const limit = 16 * 1024 * 1024
    assert.isAbove(statSync(`${filename}-wal`).size, limit)
    reader.exec("COMMIT")
    reader.close()
    for (let index = 0; index < 3; index++) yield* write(10)
    assert.isAtMost(statSync(`${filename}-wal`).size, limit)
  }),
)

const revocation = { at: at(5), reason: "it leaked" }

const replacements = {
  "a backup in its place": (filename: string, copy: string) => renameSync(copy, filename),
  "the file removed": (filename: string) => rmSync(filename),
  "a backup copied over it, without its log": (filename: string, copy: string) => {
    copyFileSync(copy, filename)
    rmSync(`${filename}-wal`)
  },
} as const

for (const [name, replace] of Object.entries(replacements)) {
  it.live(`with ${name} no write is confirmed any more, nor a token accepted`, () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const { database, repository } = yield* openStore({ filename })
      const token = aToken({ ownedBy })
      yield* repository.insert(token)
      const copy = `${filename}.backup`
      yield* Effect.promise(() => backup(database.connection, copy))
      yield* repository.insert(aToken({ ownedBy }))
      replace(filename, copy)
      const revoking = repository.revokeOwnedBy(ownedBy, revocation, unattributed)
      for (const attempt of [
        revoking,
        revoking,
        repository.insert(aToken({ ownedBy })),
        repository.findById(token.id),
      ]) {
        const error = yield* Effect.flip(attempt as Effect.Effect<unknown, { readonly _tag: string; cause: unknown }>)
        assert.strictEqual(error._tag, "RepositoryUnavailable")
        assert.include(String(error.cause), "was replaced or removed while it was open")
      }
    }),
  )
}

const reasonOf = (filename: string) =>
  Effect.map(Effect.exit(Effect.scoped(openStore({ filename }))), (exit) => {
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    assert.propertyVal(error, "_tag", "SqliteOpenError")
    return String((error as Error).message)
  })

it.effect("each path that can't be opened is refused with what is wrong with it", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const path = (name: string) => join(folder, name)
    writeFileSync(path("file"), "")
    mkdirSync(path("folder"))
    symlinkSync(path("nowhere"), path("dangling"))
    symlinkSync(path("circle"), path("circle"))
    yield* Effect.scoped(openStore({ filename: path("log") }))
    mkdirSync(path("log-wal"))
    const expected: ReadonlyArray<readonly [filename: string, message: string]> = [
      [path("missing/tokens.sqlite"), "doesn't exist"],
      [path("file/tokens.sqlite"), "is a file"],
      [path("folder"), "it is a folder"],
      ["", "it is a folder"],
      [path("x".repeat(300)), "name is too long"],
      [path("dangling"), "a link to a file that doesn't exist"],
      [path("circle"), "a loop of symbolic links"],
      [path("a\0b"), "its name is not a valid file name"],
      ["/dev/null", "not a regular file"],
      [path("log"), "log-wal beside it"],
    ]
    for (const [filename, message] of expected) assert.include(yield* reasonOf(filename), message)
    assert.isFalse(existsSync(path("nowhere")))
  }),
)
