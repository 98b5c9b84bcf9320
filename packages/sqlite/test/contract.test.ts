import { SqliteRepository } from "@tokenry/sqlite"
import { repositoryContract } from "@tokenry/repository-contract"
import { Context, Effect, Layer } from "effect"
import { temporaryFile } from "./stores.ts"

class File extends Context.Service<File, string>()("@tokenry/sqlite/test/File") {
  static readonly layer = Layer.effect(File, temporaryFile)
}

/** A connection to a file that is new for each law; for all connections of one law, the same. */
const connection = () =>
  Layer.unwrap(Effect.map(File, (filename) => SqliteRepository.layer({ filename }))).pipe(Layer.provide(File.layer))

repositoryContract("SQLite in memory", SqliteRepository.layer({ filename: ":memory:" }))
repositoryContract("SQLite in a file, by two connections", connection(), { alsoThrough: connection(), runs: 25 })
