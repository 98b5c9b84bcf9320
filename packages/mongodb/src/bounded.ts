/** Runs driver operations with a deadline that holds even if the connection hangs. */
import { RepositoryUnavailable } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { promises as timers } from "node:timers"
import { Admission, type PooledClient } from "./Admission.ts"
import type { OperationOptions } from "./Driver.ts"
import { failureOf, isTransient } from "./driverErrors.ts"

/** Driver options. Pass them to every command of the operation: `maxTimeMS` is read each time, and is the time left. */
export interface Bounds extends OperationOptions {
  readonly signal: AbortSignal
}

/** No answer arrived before the deadline. */
export class DeadlineExceeded extends Error {
  constructor(milliseconds: number) {
    super(`MongoDB did not answer within ${milliseconds} ms`)
  }
}

/** How much of its deadline an operation may spend waiting for a connection. */
const waitingShare = 1 / 3

/**
 * Fails with `RepositoryUnavailable` after this many milliseconds of real time, or as soon as the driver reports an outage.
 * Other errors of the driver are defects. The server gives up shortly before the deadline. At the deadline a connection
 * that hangs is closed, so it can't block the pool. Interrupting the fiber doesn't stop the operation, which runs until it
 * ends or its deadline passes.
 *
 * If you pass the client, no more operations run at once than its pool has connections (default: 100). The others wait
 * for up to a third of their deadline and then fail without using a connection. The store's own operations on that client
 * count too. You can use it for your own collections:
 *
 *     bounded("findAccount", 2000, (bounds) => accounts.findOne({ _id: id }, bounds), client)
 */
export const bounded = <A>(
  operation: string,
  milliseconds: number,
  use: (bounds: Bounds) => Promise<A>,
  client?: PooledClient,
): Effect.Effect<A, RepositoryUnavailable> =>
  Effect.callback<A, RepositoryUnavailable>((resume) => {
    const deadline = performance.now() + milliseconds
    const fail = (cause: Error) => resume(Exit.fail(new RepositoryUnavailable({ operation, cause })))
    if (client === undefined) {
      run(operation, milliseconds, deadline, use, resume)
      return undefined
    }
    const admission = Admission.of(client)
    const withdraw = admission.enter(Math.ceil(milliseconds * waitingShare), {
      start: () =>
        run(operation, milliseconds, deadline, use, (exit) => {
          admission.leave()
          resume(exit)
        }),
      refuse: () => fail(busy(admission.limit, milliseconds * waitingShare)),
    })
    return Effect.sync(withdraw)
  })

const run = <A>(
  operation: string,
  milliseconds: number,
  deadline: number,
  use: (bounds: Bounds) => Promise<A>,
  done: (exit: Exit.Exit<A, RepositoryUnavailable>) => void,
): void => {
  const hung = new AbortController()
  const timeLeft = () => Math.max(1, Math.ceil(deadline - performance.now()))
  const timer = setTimeout(() => {
    const cause = new DeadlineExceeded(milliseconds)
    settle(Exit.fail(new RepositoryUnavailable({ operation, cause })))
    hung.abort(cause)
  }, timeLeft())
  let isSettled = false
  const settle = (exit: Exit.Exit<A, RepositoryUnavailable>) => {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    done(exit)
  }
  const bounds: Bounds = {
    get maxTimeMS() {
      return Math.ceil(timeLeft() * 0.9)
    },
    signal: hung.signal,
  }
  const outcome = new Promise<A>((resolve) => resolve(use(bounds)))
  outcome.then(
    (value) => settle(Exit.succeed(value)),
    (error: unknown) => settle(failureOf(operation, error)),
  )
}

const busy = (connections: number, milliseconds: number): Error =>
  new Error(
    `All ${connections} connections in the client's pool were busy for ${Math.ceil(milliseconds)} ms. Raise maxPoolSize, ` +
      "unless MongoDB itself is overloaded",
  )

/** Retries an idempotent write after transient errors until its deadline. The driver doesn't retry writes to many documents. */
export const persistently = async <A>({ signal }: Bounds, attempt: () => Promise<A>): Promise<A> => {
  for (let pause = 25; ; pause *= 2) {
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw error
      await timers.setTimeout(pause, undefined, { signal })
    }
  }
}
