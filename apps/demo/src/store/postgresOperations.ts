/** Waits for the demo's own tables, with the same deadlines as the token repository. */
import * as Effect from "effect/Effect"

/** Rejects with `RepositoryUnavailable` at the deadline, or when the driver reports an outage. */
export const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)
