/**
 * Says that it is ready, waits for its input to end, opens a repository on the given file, several times,
 * and says that it did or why not, as JSON. As a second argument, the numeric user to become first: root may write
 * whatever the permissions say.
 */
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { SqliteRepository } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { once } from "node:events"

const [, , filename = "", user] = process.argv

if (user !== undefined) {
  process.setgroups?.([])
  process.setgid?.(Number(user))
  process.setuid?.(Number(user))
}

process.stdout.write("ready\n")
process.stdin.resume()
await once(process.stdin, "end")

const openAndClose = Effect.provide(
  ApiTokenRepository.use((repository) => repository.keyIdsInUse),
  SqliteRepository.layer({ filename, lockDeadline: { open: "20 seconds", write: "20 seconds", read: "20 seconds" } }),
)

const result = await Effect.runPromise(Effect.result(Effect.repeat(openAndClose, { times: 4 })))
process.stdout.write(
  Result.isSuccess(result)
    ? JSON.stringify({ opened: true })
    : JSON.stringify({ opened: false, error: result.failure, message: result.failure.message }),
)
