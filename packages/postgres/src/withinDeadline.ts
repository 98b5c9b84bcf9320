/** Runs an operation with a deadline that holds whatever happens to the connection. */
import { RepositoryUnavailable } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { failureOf, PostgresOutage } from "./driverErrors.ts"

/** When an operation has to be over. An `AbortSignal` would say the same, at a cost that each verify would notice. */
export class Deadline {
  #cause: PostgresOutage | undefined
  #listener: (() => void) | undefined

  /** Why the operation has failed meanwhile; `undefined` while there is time. */
  get cause(): PostgresOutage | undefined {
    return this.#cause
  }

  /** Calls this one listener when time is up; none any more if it is `undefined`. */
  notify(listener: (() => void) | undefined): void {
    this.#listener = listener
  }

  pass(cause: PostgresOutage): void {
    this.#cause = cause
    this.#listener?.()
  }
}

/**
 * Fails with `RepositoryUnavailable` after that many milliseconds of real time, or earlier if the driver reports an
 * outage; anything else it reports is a defect. An interrupted fiber does not wait for the operation, which goes on to its
 * end or to the deadline.
 */
export const withinDeadline = <A>(
  operation: string,
  milliseconds: number,
  use: (deadline: Deadline) => Promise<A>,
): Effect.Effect<A, RepositoryUnavailable> =>
  Effect.callback<A, RepositoryUnavailable>((resume) => {
    const deadline = new Deadline()
    const timer = setTimeout(() => {
      const cause = new PostgresOutage({ code: "", detail: `PostgreSQL did not answer within ${milliseconds} ms` })
      resume(Exit.fail(new RepositoryUnavailable({ operation, cause })))
      deadline.pass(cause)
    }, milliseconds)
    const settle = (exit: Exit.Exit<A, RepositoryUnavailable>) => {
      clearTimeout(timer)
      resume(exit)
    }
    use(deadline).then(
      (value) => settle(Exit.succeed(value)),
      (error: unknown) =>
        settle(error instanceof RepositoryUnavailable ? Exit.fail(error) : failureOf(operation, error)),
    )
  })
