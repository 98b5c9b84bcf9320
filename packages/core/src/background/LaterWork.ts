/** Small pieces of work that a request leaves behind, done one after the other when it has been answered. */
import { type Cause, Effect, Fiber, Queue } from "effect"

interface LaterWork<A> {
  /** Whether it was taken: not if very much is waiting already. */
  readonly add: (work: A) => boolean
}

/**
 * Does each piece once. When the scope closes, what is under way and what is waiting is given five seconds. A piece that
 * fails is logged by its name alone, and the next one is done.
 */
export const makeLaterWork = Effect.fnUntraced(function* <A>(
  name: string,
  capacity: number,
  run: (work: A) => Effect.Effect<unknown, unknown>,
) {
  const queue = yield* Queue.dropping<A, Cause.Done>(capacity)
  const next = Effect.flatMap(Queue.take(queue), (work) =>
    Effect.catchCause(run(work), () => Effect.logWarning(`${name} did not succeed`)),
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
