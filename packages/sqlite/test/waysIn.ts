/** Layers of one store: a file that is new for each law, through several connections and processes. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core"
import { SqliteRepository } from "@tokenry/sqlite"
import { Context, Effect, Layer } from "effect"
import { fileURLToPath } from "node:url"
import { repositoryInAnotherProcess, usageStoreInAnotherProcess } from "../../../tools/other-process/otherProcess.ts"
import { temporaryFile } from "./stores.ts"

class File extends Context.Service<File, string>()("@tokenry/sqlite/test/File") {
  static readonly layer = Layer.effect(File, temporaryFile)
}

/** A connection of its own; for all connections of one law, to the same file. */
export const connection = () =>
  Layer.unwrap(Effect.map(File, (filename) => SqliteRepository.layer({ filename }))).pipe(Layer.provide(File.layer))

/** How another process serves the file with this name. */
export const serving = (filename: string) => ({
  path: fileURLToPath(new URL("./programs/serve.ts", import.meta.url)),
  args: [filename],
})

/** The same file, opened by two other processes: one for the tokens, one for their uses. */
export const otherProcess = Layer.merge(
  Layer.effect(
    ApiTokenRepository,
    Effect.flatMap(File, (filename) => repositoryInAnotherProcess(serving(filename))),
  ),
  Layer.effect(
    TokenUsageStore,
    Effect.flatMap(File, (filename) => usageStoreInAnotherProcess(serving(filename))),
  ),
).pipe(Layer.provide(File.layer))
