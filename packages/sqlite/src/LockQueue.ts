/** Waits for locks held by other processes without blocking the event loop. */
import { RepositoryUnavailable } from "@tokenry/core"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { Locked, type Outcome } from "./outcome.ts"

/**
 * The first attempt runs at once. If it meets a lock, further attempts are spaced out and asynchronous, until the
 * deadline. Waiting callers take turns: each attempt may block the event loop for the busy timeout, and a hundred
 * waiting callers must not block it a hundred times as long.
 */
export class LockQueue {
  readonly #deadline: Duration.Duration
  readonly #turns = Semaphore.makeUnsafe(1)
  #waiting = 0
  /** The last lock met, reported by callers that reach their deadline before their turn. */
  #lock: Locked | undefined

  constructor(deadline: Duration.Duration) {
    this.#deadline = deadline
  }

  /** An `Exit` if the outcome is known at once, otherwise an effect that waits for its turn and for the lock. */
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

/** Retries with pauses until the lock is free. */
export const untilUnlocked = <A, E>(attempt: () => Effect.Effect<A, E> | Locked): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const outcome = attempt()
    return outcome instanceof Locked ? Effect.andThen(pause, untilUnlocked(attempt)) : outcome
  })

/** 10 to 30 ms. Jitter keeps waiting processes apart. */
const pause = Effect.suspend(() => Effect.sleep(10 + 20 * Math.random()))
