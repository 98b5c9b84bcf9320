/** Runs an operation of the driver with a deadline that holds whatever happens to the connection. */
import { RepositoryUnavailable } from "@tokenry/core"
import { Effect, Exit } from "effect"
import { promises as timers } from "node:timers"
import type { OperationOptions } from "./Driver.ts"
import { failureOf, isTransient } from "./driverErrors.ts"

/** What the driver is to be given as options of the operation, so that the deadline reaches the server and the connection. */
export interface Bounds extends OperationOptions {
  readonly signal: AbortSignal
}

/**
 * Fails with `RepositoryUnavailable` after that many milliseconds of real time, or earlier if the driver reports an
 * outage; whatever else it reports is a defect. A server that is merely slow is told to give up shortly before; a
 * connection that hangs is then closed, so that the driver's pool does not fill up with such. A fiber that is
 * interrupted does not wait for the operation, which goes on to its end or to the deadline. For collections of the
 * application's own as well:
 *
 *     bounded("findAccount", 2000, (bounds) => accounts.findOne({ _id: id }, bounds))
 */
export const bounded = <A>(
  operation: string,
  milliseconds: number,
  use: (bounds: Bounds) => Promise<A>,
): Effect.Effect<A, RepositoryUnavailable> =>
  Effect.callback<A, RepositoryUnavailable>((resume) => {
    const hung = new AbortController()
    const pending = use({ maxTimeMS: Math.ceil(milliseconds * 0.9), signal: hung.signal })
    const timer = setTimeout(() => {
      const cause = new Error(`MongoDB did not answer within ${milliseconds} ms`)
      resume(Exit.fail(new RepositoryUnavailable({ operation, cause })))
      hung.abort(cause)
    }, milliseconds)
    const settle = (exit: Exit.Exit<A, RepositoryUnavailable>) => {
      clearTimeout(timer)
      resume(exit)
    }
    pending.then(
      (value) => settle(Exit.succeed(value)),
      (error: unknown) => settle(failureOf(operation, error)),
    )
  })

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
