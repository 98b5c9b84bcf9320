/** Inserts tokens into the given file, and prints each one's id once it is acknowledged, until it is killed. */
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { aToken } from "@tokenry/repository-contract/tokens"
import { SqliteRepository } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"

const insertOne = ApiTokenRepository.use((repository) => {
  const token = aToken()
  return Effect.map(repository.insert(token), () => writeSync(1, `${token.id}\n`))
})

await Effect.runPromise(
  Effect.provide(Effect.forever(insertOne), SqliteRepository.layer({ filename: process.argv[2] ?? "" })),
)
