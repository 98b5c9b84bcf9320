/** How the demo waits for its own tables: within the deadlines that the tokens' repository has. */
import * as Effect from "effect/Effect"

/** Rejects with `RepositoryUnavailable` at the deadline, or when the driver reports an outage. */
export const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)
