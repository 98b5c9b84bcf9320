/** How the demo's own tables are read and written: within the deadlines that the tokens' repository has. */
import type { PostgresDatabase } from "@tokenry/postgres"
import { Effect } from "effect"

export type Database = PostgresDatabase

/** Rejects with `RepositoryUnavailable` at the deadline, or when the driver reports an outage. */
export const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)
