/** Small jobs that a request queues, run one after another after the response. */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"

interface LaterWork<A> {
  /** Whether the job was queued; `false` if the queue is full. */
  readonly add: (work: A) => boolean
}

/**
 * Runs each job once. When the scope closes, running and queued jobs get five seconds. A failed job is logged by name
 * only, and the next one runs.
 */
export const makeLaterWork = Effect.fnUntraced(function* <A>(
  name: string,
  capacity: number,
  run: (work: A) => Effect.Effect<unknown, unknown>,
) {
  const queue = yield* Queue.dropping<A, Cause.Done>(capacity)
  const next = Effect.flatMap(Queue.take(queue), (work) =>
    Effect.catchCause(run(work), () => Effect.logWarning(`${name} failed`)),
  )
  const worker = yield* Effect.forkDetach(Effect.ignore(Effect.forever(next)))
  yield* Effect.addFinalizer(() =>
    Queue.end(queue).pipe(
      Effect.andThen(Effect.timeoutOption(Fiber.await(worker), "5 seconds")),
      Effect.andThen(Fiber.interrupt(worker)),
    ),
  )
  const later: LaterWork<A> = { add: (work) => Queue.offerUnsafe(queue, work) }
  return later
})
