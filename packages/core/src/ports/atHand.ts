/** Answers that need no fiber: a port whose answer is at hand returns it as an `Exit`. */
import { Exit } from "effect"
import type { Effect } from "effect"

/** Whether the effect is its own answer, a success, so that it can be read without running anything. */
export const isAtHand = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Success<A, E> =>
  Exit.isExit(effect) && Exit.isSuccess(effect)
