/** Layers of one store: a file that is new for each law, through several connections and processes. */
import { ApiTokenRepository, TokenChanges, type TokenId, TokenUsageStore } from "@tokenry/core/adapter"
import { SqliteRepository } from "@tokenry/sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import {
  anotherProcess,
  type CallElsewhere,
  changesCalledBy,
  repositoryCalledBy,
  usageStoreCalledBy,
} from "../../../tools/other-process/otherProcess.ts"
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

/** Deadlines that no slow machine reaches. */
const patient = { lockDeadline: { open: "1 minute", read: "1 minute", write: "1 minute" } } as const

/** A connection of its own; for all connections of one law, to the same file. */
export const connection = () =>
  Layer.unwrap(Effect.map(File, (filename) => SqliteRepository.layer({ filename, ...patient }))).pipe(
    Layer.provide(File.layer),
  )

/** How another process serves the file with this name. */
export const serving = (filename: string) => ({
  path: fileURLToPath(new URL("./programs/serve.ts", import.meta.url)),
  args: [filename],
})

class OtherProcess extends Context.Service<OtherProcess, CallElsewhere>()("@tokenry/sqlite/test/OtherProcess") {
  static readonly layer = Layer.effect(
    OtherProcess,
    Effect.flatMap(File, (filename) => anotherProcess(serving(filename))),
  ).pipe(Layer.provide(File.layer))
}

/** The same file, opened by another process. */
export const otherProcess = Layer.mergeAll(
  Layer.effect(ApiTokenRepository, Effect.map(OtherProcess, repositoryCalledBy)),
  Layer.effect(TokenUsageStore, Effect.map(OtherProcess, usageStoreCalledBy)),
  Layer.effect(TokenChanges, Effect.map(OtherProcess, changesCalledBy)),
).pipe(Layer.provide(OtherProcess.layer))
