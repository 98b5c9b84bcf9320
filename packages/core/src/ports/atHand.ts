/** Answers that need no fiber: a synchronous port returns its answer as an `Exit`. */
import { Exit } from "effect"
import type { Effect } from "effect"

/** Whether the effect is already a successful result, readable without running it. */
export const isAtHand = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Success<A, E> =>
  Exit.isExit(effect) && Exit.isSuccess(effect)
