/** Serves a repository on the given file: reads and answers one line of JSON at a time, until its input ends. */
import type { DuplicateToken, RepositoryUnavailable } from "@tokenry/core"
import { ApiTokenRepository, type TokenId } from "@tokenry/core/adapter"
import { aToken } from "@tokenry/repository-contract/tokens"
import { SqliteRepository } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import { createInterface } from "node:readline"

const runtime = ManagedRuntime.make(SqliteRepository.layer({ filename: process.argv[2] ?? "" }))
const repository = await runtime.runPromise(ApiTokenRepository)

const answer = (
  question: { readonly find: TokenId } | { readonly insert: true },
): Effect.Effect<boolean | TokenId, RepositoryUnavailable | DuplicateToken> =>
  "find" in question
    ? Effect.map(repository.findById(question.find), Option.isSome)
    : Effect.suspend(() => {
        const token = aToken()
        return Effect.as(repository.insert(token), token.id)
      })

for await (const line of createInterface({ input: process.stdin })) {
  const answered = await Effect.runPromise(answer(JSON.parse(line)))
  process.stdout.write(`${JSON.stringify(answered)}\n`)
}
await runtime.dispose()
