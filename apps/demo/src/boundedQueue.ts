/** Runs one kind of work a few at a time, and turns away what would have to wait too long. */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"

/** The queue is full: try again in a few seconds. */
export class QueueFull extends Error {
  override readonly name = "QueueFull"
}

export interface BoundedQueue {
  /** Runs the work when its turn comes. Rejects with `QueueFull` at once if the queue is full. */
  readonly run: <A>(work: () => Promise<A>) => Promise<A>
}

export interface BoundedQueueOptions {
  readonly atOnce: number
  readonly waitingAtMost: number
}

export const boundedQueue = ({ atOnce, waitingAtMost }: BoundedQueueOptions): BoundedQueue => {
  const semaphore = Semaphore.makeUnsafe(atOnce)
  let admitted = 0
  return {
    run: async (work) => {
      if (admitted >= atOnce + waitingAtMost) throw new QueueFull("The queue is full")
      admitted++
      try {
        return await Effect.runPromise(semaphore.withPermit(Effect.promise(work)))
      } finally {
        admitted--
      }
    },
  }
}
