/** Small pieces of work that a request leaves behind, done one after the other when it has been answered. */
import { Effect, Queue } from "effect"

interface LaterWork<A> {
  /** Whether it was taken: not if very much is waiting already. */
  readonly add: (work: A) => boolean
}

/**
 * Does each piece once, within the scope; at its end, what is waiting is given five seconds. A piece that fails is logged
 * by its name alone, and the next one is done.
 */
export const makeLaterWork = Effect.fnUntraced(function* <A>(
  name: string,
  capacity: number,
  run: (work: A) => Effect.Effect<unknown, unknown>,
) {
  const queue = yield* Queue.dropping<A>(capacity)
  const next = Effect.flatMap(Queue.take(queue), (work) =>
    Effect.catchCause(run(work), () => Effect.logWarning(`${name} did not succeed`)),
  )
  yield* Effect.addFinalizer(() =>
    Effect.ignore(
      Effect.timeoutOption(
        Effect.whileLoop({
          while: () => Queue.sizeUnsafe(queue) > 0,
          body: () => next,
          step: () => {},
        }),
        "5 seconds",
      ),
    ),
  )
  yield* Effect.forkScoped(Effect.forever(next))
  const later: LaterWork<A> = { add: (work) => Queue.offerUnsafe(queue, work) }
  return later
})
