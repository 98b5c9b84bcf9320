/** Answers that need no fiber: a synchronous port returns its answer as an `Exit`. */
import * as Exit from "effect/Exit"
import type * as Effect from "effect/Effect"

/** Whether the effect is already a successful result, readable without running it. */
export const isAtHand = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Success<A, E> =>
  Exit.isExit(effect) && Exit.isSuccess(effect)
