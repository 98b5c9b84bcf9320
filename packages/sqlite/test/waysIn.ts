/** Layers of one store: a file that is new for each law, through several connections and processes. */
import { ApiTokenRepository, type TokenId, TokenUsageStore } from "@tokenry/core"
import { SqliteRepository } from "@tokenry/sqlite"
import { Context, Effect, Layer } from "effect"
import { DatabaseSync } from "node:sqlite"
import { repositoryInAnotherProcess, usageStoreInAnotherProcess } from "./otherProcess.ts"
import { temporaryFile } from "./stores.ts"

/** The file of the law that is being checked: laws are, one after another. */
let fileNow = ""

class File extends Context.Service<File, string>()("@tokenry/sqlite/test/File") {
  static readonly layer = Layer.effect(
    File,
    Effect.tap(temporaryFile, (filename) =>
      Effect.sync(() => {
        fileNow = filename
      }),
    ),
  )
}

/** Spoils one field of a stored token, in the way of somebody with a shell. */
export const damageBy = (sql: string) => (id: TokenId) =>
  Effect.sync(() => {
    const db = new DatabaseSync(fileNow)
    db.prepare(sql).run(id)
    db.close()
  })

/** A connection of its own; for all connections of one law, to the same file. */
export const connection = () =>
  Layer.unwrap(Effect.map(File, (filename) => SqliteRepository.layer({ filename }))).pipe(Layer.provide(File.layer))

/** The same file, opened by two other processes: one for the tokens, one for their uses. */
export const otherProcess = Layer.merge(
  Layer.effect(ApiTokenRepository, Effect.flatMap(File, repositoryInAnotherProcess)),
  Layer.effect(TokenUsageStore, Effect.flatMap(File, usageStoreInAnotherProcess)),
).pipe(Layer.provide(File.layer))
