/** How callers wait for a lock that another process holds, without stopping the event loop. */
import { RepositoryUnavailable } from "@tokenry/core"
import { type Duration, Effect, Semaphore } from "effect"
import { Locked, type Outcome } from "./outcome.ts"

/**
 * The first attempt is made at once. If a lock is in the way, the rest are spaced out and asynchronous, until the
 * deadline. Those who wait take turns: an attempt may block the event loop for the connection's busy timeout, and a
 * hundred callers who wait must not block it a hundred times as long.
 */
export class LockQueue {
  readonly #deadline: Duration.Duration
  readonly #turns = Semaphore.makeUnsafe(1)
  #waiting = 0
  /** The lock that was met last, for those to tell who wait for their turn until their deadline. */
  #lock: Locked | undefined

  constructor(deadline: Duration.Duration) {
    this.#deadline = deadline
  }

  /** The outcome as an `Exit` if it is at hand; else an effect that waits for its turn and for the lock. */
  runNow<A>(operation: string, attempt: () => Outcome<A>): Effect.Effect<A, RepositoryUnavailable> {
    if (this.#waiting > 0) return this.#wait(operation, attempt)
    const outcome = attempt()
    if (!(outcome instanceof Locked)) return outcome
    this.#lock = outcome
    return this.#wait(operation, attempt)
  }

  #wait<A>(operation: string, attempt: () => Outcome<A>): Effect.Effect<A, RepositoryUnavailable> {
    return Effect.suspend(() => {
      this.#waiting++
      return this.#turns.withPermit(untilUnlocked(attempt)).pipe(
        Effect.timeoutOrElse({
          duration: this.#deadline,
          orElse: () => Effect.fail(new RepositoryUnavailable({ operation, cause: this.#lock?.cause })),
        }),
        Effect.ensuring(Effect.sync(() => this.#waiting--)),
      )
    })
  }
}

/** Attempts again and again, with pauses in between, for as long as a lock is in the way. */
export const untilUnlocked = <A, E>(attempt: () => Effect.Effect<A, E> | Locked): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const outcome = attempt()
    return outcome instanceof Locked ? Effect.andThen(pause, untilUnlocked(attempt)) : outcome
  })

/** 10 to 30 ms: jitter keeps processes that wait for each other from marching in step. */
const pause = Effect.suspend(() => Effect.sleep(10 + 20 * Math.random()))
