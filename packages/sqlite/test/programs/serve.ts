/** Makes its parent's calls on a repository and its record of uses, on the file that it is told, until that is gone. */
import { ApiTokenRepository, TokenChanges, TokenUsageStore } from "@tokenry/core"
import { SqliteRepository } from "@tokenry/sqlite"
import { Cause, Effect, Exit, ManagedRuntime, Stream } from "effect"
import { type Answer, type Call, receivedOf, sentOf } from "../wire.ts"

const runtime = ManagedRuntime.make(SqliteRepository.layer({ filename: process.argv[2] ?? "" }))
const members: Record<string, unknown> = {
  ...(await runtime.runPromise(ApiTokenRepository)),
  ...(await runtime.runPromise(TokenUsageStore)),
  ...(await runtime.runPromise(TokenChanges)),
}

const resultOf = ({ method, values }: Call): Effect.Effect<unknown, unknown> => {
  const member = members[method]
  const result: unknown =
    typeof member === "function" ? Reflect.apply(member, members, receivedOf(values) as Array<unknown>) : member
  return Stream.isStream(result)
    ? Stream.runCollect(result as Stream.Stream<unknown>)
    : (result as Effect.Effect<unknown>)
}

const answerOf = (call: Call): Effect.Effect<Answer> =>
  Effect.map(Effect.exit(Effect.suspend(() => resultOf(call))), (exit) => {
    const { number } = call
    if (Exit.isSuccess(exit)) return { number, outcome: "value", value: sentOf(exit.value) }
    const [reason] = exit.cause.reasons
    return reason?._tag === "Fail"
      ? { number, outcome: "failure", value: sentOf(reason.error) }
      : { number, outcome: "defect", value: sentOf(Cause.pretty(exit.cause)) }
  })

process.on("message", (call: Call) => void runtime.runPromise(answerOf(call)).then((answer) => process.send?.(answer)))
process.on("disconnect", () => void runtime.dispose())
