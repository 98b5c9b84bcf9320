/** Answers that need no fiber: a synchronous port returns its answer as an `Exit`. */
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/**
 * Whether the effect is already a successful result, readable without running it. Reads the tag itself, since only an
 * `Exit` has this one and `Exit.isExit` takes 2 % of a verify.
 */
export const isAtHand = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Success<A, E> =>
  "_tag" in effect && effect._tag === "Success"
