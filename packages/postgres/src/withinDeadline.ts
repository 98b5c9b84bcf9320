/** Runs an operation with a deadline that holds whatever happens to the connection. */
import { RepositoryUnavailable } from "@tokenry/core"
import { Effect, Exit } from "effect"
import { failureOf, PostgresOutage } from "./driverErrors.ts"

/**
 * Fails with `RepositoryUnavailable` after that many milliseconds of real time, or earlier if the driver reports an
 * outage; anything else it reports is a defect. The signal is aborted when time is up. An interrupted fiber does not wait
 * for the operation, which goes on to its end or to the deadline.
 */
export const withinDeadline = <A>(
  operation: string,
  milliseconds: number,
  use: (signal: AbortSignal) => Promise<A>,
): Effect.Effect<A, RepositoryUnavailable> =>
  Effect.callback<A, RepositoryUnavailable>((resume) => {
    const over = new AbortController()
    const timer = setTimeout(() => {
      const cause = new PostgresOutage({ code: "", detail: `PostgreSQL did not answer within ${milliseconds} ms` })
      resume(Exit.fail(new RepositoryUnavailable({ operation, cause })))
      over.abort(cause)
    }, milliseconds)
    const settle = (exit: Exit.Exit<A, RepositoryUnavailable>) => {
      clearTimeout(timer)
      resume(exit)
    }
    use(over.signal).then(
      (value) => settle(Exit.succeed(value)),
      (error: unknown) =>
        settle(error instanceof RepositoryUnavailable ? Exit.fail(error) : failureOf(operation, error)),
    )
  })
