/** Databases in files of their own, which go when the test ends. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { SqliteDatabase, type SqliteOptions, SqliteRepository } from "@tokenry/sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tokenry-sqlite-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

export const temporaryFile = Effect.map(temporaryFolder, (folder) => join(folder, "tokens.sqlite"))

/** A database, with a repository and a usage store on it, closed with the scope. */
export const openStore = (options: SqliteOptions) =>
  Effect.gen(function* () {
    const database = yield* SqliteDatabase.openScoped(options)
    const context = yield* Layer.build(SqliteRepository.layerFrom(database))
    return {
      database,
      repository: Context.get(context, ApiTokenRepository),
      usageStore: Context.get(context, TokenUsageStore),
      filename: options.filename,
    }
  })

/** A store in a file that is new. */
export const aStore = Effect.flatMap(temporaryFile, (filename) => openStore({ filename }))
