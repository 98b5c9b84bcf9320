import { describe, it } from "@effect/vitest"
import { ApiTokenRepository } from "@tokenry/core"
import { checkLaw, type LawName, lawNamed, repositoryContract } from "@tokenry/repository-contract"
import { SqliteRepository } from "@tokenry/sqlite"
import { Context, Effect, Layer } from "effect"
import { repositoryInAnotherProcess } from "./otherProcess.ts"
import { temporaryFile } from "./stores.ts"

class File extends Context.Service<File, string>()("@tokenry/sqlite/test/File") {
  static readonly layer = Layer.effect(File, temporaryFile)
}

/** A connection to a file that is new for each law; for all connections of one law, the same. */
const connection = () =>
  Layer.unwrap(Effect.map(File, (filename) => SqliteRepository.layer({ filename }))).pipe(Layer.provide(File.layer))

const otherProcess = Layer.effect(ApiTokenRepository, Effect.flatMap(File, repositoryInAnotherProcess)).pipe(
  Layer.provide(File.layer),
)

repositoryContract("SQLite in memory", SqliteRepository.layer({ filename: ":memory:" }))
repositoryContract("SQLite in a file, by two connections", connection(), { alsoThrough: connection(), runs: 25 })

/** Those for which it matters whether two connections belong to one process, which makes its calls one by one. */
const lawsBetweenProcesses: ReadonlyArray<LawName> = [
  "of many concurrent inserts with one digest, exactly one succeeds",
  "however inserts collide, a digest belongs to at most one token, and a refused one leaves no trace",
  "of many concurrent replaces under one revision, exactly one succeeds",
  "of changes made by many at once, who read again after a conflict, none is lost",
  "of many tokens that take one digest at once, exactly one gets it",
  "however replaces and a bulk revocation interleave, the token ends revoked, and no change is lost",
  "of concurrent bulk revocations, one alone counts a token, and its reason stays",
  "pages give what is there throughout exactly once, while others write in between",
  "a stream that is read while others write gives what is there throughout once, as it was or as it is",
  "of concurrent purges, one alone counts a token",
  "what a write returned is seen by every later read, through every connection",
  "whoever reads while others write sees a token as it was or as it is, and never a mixture",
  "whatever is called, in whatever order, the store answers as a plain list of tokens would",
]

describe("the repository contract, kept by SQLite in a file, by two processes", () => {
  for (const name of lawsBetweenProcesses) {
    it.live(name, () => checkLaw(lawNamed(name), connection(), { alsoThrough: otherProcess, runs: 25 }), 60_000)
  }
})
