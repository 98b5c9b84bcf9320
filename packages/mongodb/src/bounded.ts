/** Runs a driver operation with a deadline that holds whatever happens to the connection. */
import { RepositoryUnavailable } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { promises as timers } from "node:timers"
import { Admission, type PooledClient } from "./Admission.ts"
import type { OperationOptions } from "./Driver.ts"
import { failureOf, isTransient } from "./driverErrors.ts"

/**
 * The driver's options for each command of the operation. Use them anew for each command: `maxTimeMS` is the time left
 * until the deadline.
 */
export interface Bounds extends OperationOptions {
  readonly signal: AbortSignal
}

/** The deadline came before the answer. */
export class DeadlineExceeded extends Error {
  constructor(milliseconds: number) {
    super(`MongoDB did not answer within ${milliseconds} ms`)
  }
}

/** The share of its deadline that an operation may wait for a connection. */
const waitingShare = 1 / 3

/**
 * Fails with `RepositoryUnavailable` after that many milliseconds of real time, or earlier if the driver reports an
 * outage; anything else it reports is a defect. The server gives up shortly before the deadline; a connection that hangs
 * is closed at the deadline, so that hung connections don't fill the pool. A fiber that is interrupted doesn't wait for the
 * operation, which goes on to its end or to the deadline.
 *
 * With a client, at most as many operations run at once as its pool has connections (100 if it doesn't say). The others
 * wait for a third of their deadline at most and then fail, before they cost a connection. The repository counts its own
 * operations on the same client. For collections of the application's own as well:
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
    `All ${connections} connections of the client's pool were busy for ${Math.ceil(milliseconds)} ms. If MongoDB itself ` +
      "is not overloaded, raise maxPoolSize",
  )

/**
 * Repeats an attempt after transient errors until the bounds are reached: for idempotent writes to many documents, which
 * the driver does not repeat by itself.
 */
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
