/** The other end of `otherProcess.ts`: runs its parent's calls on a store until the parent is gone. */
import { ApiTokenRepository, TokenChanges, TokenUsageStore } from "@tokenry/core/adapter"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import { type Answer, type Call, receivedOf, sentOf } from "./wire.ts"

type Services = ApiTokenRepository | TokenUsageStore | TokenChanges

type Members = Readonly<Record<string, unknown>>

/** Calls `layerOf` with the parent's options for the store. One store is open at a time. */
export const serve = (layerOf: (...args: ReadonlyArray<string>) => Layer.Layer<Services, unknown>): void => {
  let runtime: ManagedRuntime.ManagedRuntime<Services, unknown> | undefined
  const close = async () => runtime?.dispose()
  const open = async (...args: ReadonlyArray<string>): Promise<Members> => {
    runtime = ManagedRuntime.make(layerOf(...args))
    return {
      ...(await runtime.runPromise(ApiTokenRepository)),
      ...(await runtime.runPromise(TokenUsageStore)),
      ...(await runtime.runPromise(TokenChanges)),
    }
  }
  let members: Members = {}
  const own: Members = {
    open: (...args: ReadonlyArray<string>) =>
      Effect.promise(async () => {
        members = await open(...args)
      }),
    close: () => Effect.promise(() => close()),
  }
  process.on(
    "message",
    (call: Call) =>
      void Effect.runPromise(answerOf({ ...members, ...own }, call)).then((answer) => process.send?.(answer)),
  )
  process.on("disconnect", () => void close())
}

const resultOf = (members: Members, { method, values }: Call): Effect.Effect<unknown, unknown> => {
  const member = members[method]
  const result: unknown =
    typeof member === "function" ? Reflect.apply(member, members, receivedOf(values) as Array<unknown>) : member
  return Stream.isStream(result)
    ? Stream.runCollect(result as Stream.Stream<unknown>)
    : (result as Effect.Effect<unknown>)
}

const answerOf = (members: Members, call: Call): Effect.Effect<Answer> =>
  Effect.map(Effect.exit(Effect.suspend(() => resultOf(members, call))), (exit) => {
    const { number } = call
    if (Exit.isSuccess(exit)) return { number, outcome: "value", value: sentOf(exit.value) }
    const [reason] = exit.cause.reasons
    return reason?._tag === "Fail"
      ? { number, outcome: "failure", value: sentOf(reason.error) }
      : { number, outcome: "defect", value: sentOf(Cause.pretty(exit.cause)) }
  })
