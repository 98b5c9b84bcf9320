/** A repository or usage store whose calls run in a separate Node process, which ends with the scope. */
import { DuplicateToken, RepositoryUnavailable, RevisionConflict } from "@tokenry/core"
import { ApiTokenRepository, TokenChanges, TokenUsageStore } from "@tokenry/core/adapter"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { fork } from "node:child_process"
import { type Answer, type Call, receivedOf, sentOf } from "./wire.ts"

/** A program that calls `serve`, and its arguments. */
interface Program {
  readonly path: string
  readonly args: ReadonlyArray<string>
}

/** Calls methods in another process. */
export const anotherProcess = Effect.fnUntraced(function* ({ path, args }: Program) {
  const { call } = yield* Effect.acquireRelease(
    Effect.sync(() => idle.get(path)?.pop() ?? start(path)),
    (process) =>
      Effect.matchCauseEffect(process.call("close"), {
        onFailure: () => process.end,
        onSuccess: () => wait(path, process),
      }),
  )
  yield* call("open", ...args)
  return call
})

/** A process lasts until this one ends: starting one costs more than most laws. */
interface OtherProcess {
  readonly call: (method: string, ...values: ReadonlyArray<unknown>) => Effect.Effect<never>
  readonly end: Effect.Effect<void>
}

/** Those that serve nobody, by their program's path. */
const idle = new Map<string, Array<OtherProcess>>()

const wait = (path: string, process: OtherProcess) =>
  Effect.sync(() => idle.set(path, [...(idle.get(path) ?? []), process]))

const start = (path: string): OtherProcess => {
  const waiting = new Map<number, Deferred.Deferred<unknown, unknown>>()
  let calls = 0
  const child = fork(path, { execArgv: ["--conditions=@tokenry/source"], serialization: "advanced" })
  child.on("message", (answer: Answer) => {
    const deferred = waiting.get(answer.number)
    waiting.delete(answer.number)
    if (deferred !== undefined) Deferred.doneUnsafe(deferred, outcomeOf(answer))
  })
  child.on("exit", () => {
    for (const deferred of waiting.values()) Deferred.doneUnsafe(deferred, Effect.die(new Error("The process is gone")))
  })

  const call = (method: string, ...values: ReadonlyArray<unknown>) =>
    Effect.suspend(() => {
      const deferred = Deferred.makeUnsafe<unknown, unknown>()
      const message: Call = { number: calls++, method, values: sentOf(values) }
      waiting.set(message.number, deferred)
      child.send(message)
      return Deferred.await(deferred)
    }) as Effect.Effect<never>

  return { call, end: Effect.sync(() => void child.kill("SIGKILL")) }
}

export type CallElsewhere = Effect.Success<ReturnType<typeof anotherProcess>>

/** The repository that the program serves. */
export const repositoryCalledBy = (call: CallElsewhere) => {
  const stream = (method: string, ...values: ReadonlyArray<unknown>) =>
    Stream.unwrap(Effect.map(call(method, ...values), (tokens: ReadonlyArray<never>) => Stream.fromIterable(tokens)))

  return ApiTokenRepository.of({
    insert: (...values) => call("insert", ...values),
    findById: (...values) => call("findById", ...values),
    findManyById: (...values) => call("findManyById", ...values),
    findByDigest: (...values) => call("findByDigest", ...values),
    replace: (...values) => call("replace", ...values),
    revokeOwnedBy: (...values) => call("revokeOwnedBy", ...values),
    revokeIssuedTo: (...values) => call("revokeIssuedTo", ...values),
    listOwnedBy: (...values) => call("listOwnedBy", ...values),
    countLiveOwnedBy: (...values) => call("countLiveOwnedBy", ...values),
    liveCreatedBefore: (...values) => stream("liveCreatedBefore", ...values),
    expiringBetween: (...values) => stream("expiringBetween", ...values),
    withKey: (...values) => stream("withKey", ...values),
    undelivered: stream("undelivered"),
    markDelivered: (...values) => call("markDelivered", ...values),
    keyIdsInUse: call("keyIdsInUse"),
    purge: (...values) => call("purge", ...values),
  })
}

/** The usage store that the program serves. */
export const usageStoreCalledBy = (call: CallElsewhere) =>
  TokenUsageStore.of({
    record: (...values) => call("record", ...values),
    usageOf: (...values) => call("usageOf", ...values),
    begin: (...values) => call("begin", ...values),
  })

/** It announces changes, but can't be followed. */
export const changesCalledBy = (call: CallElsewhere) =>
  TokenChanges.of({
    follow: () => Effect.die(new Error("A listener can't be sent to another process")),
    announceOwner: (...values) => call("announceOwner", ...values),
  })

const outcomeOf = ({ outcome, value }: Answer): Effect.Effect<unknown, unknown> => {
  const received = receivedOf(value)
  return outcome === "value"
    ? Effect.succeed(received)
    : outcome === "failure"
      ? Effect.fail(failureOf(received as Failure))
      : Effect.die(new Error(String(received)))
}

interface Failure {
  readonly _tag: string
  readonly id: string
  readonly operation: string
}

const failureOf = ({ _tag, id, operation }: Failure) => {
  switch (_tag) {
    case "DuplicateToken":
      return new DuplicateToken({ id })
    case "RevisionConflict":
      return new RevisionConflict({ id })
    default:
      return new RepositoryUnavailable({ operation, cause: undefined })
  }
}
