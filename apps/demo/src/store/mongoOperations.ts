/** How the demo's own collections are read and written: within the deadlines that the tokens' repository has. */
import { bounded, type Bounds } from "@tokenry/mongodb"
import * as Effect from "effect/Effect"
import type { Db, InsertOneResult } from "mongodb"

/** Rejects with `RepositoryUnavailable` after 2 seconds, or earlier when the driver reports an outage or its pool is busy. */
export const read = <A>(db: Db, operation: string, use: (bounds: Bounds) => Promise<A>): Promise<A> =>
  Effect.runPromise(bounded(operation, 2000, use, db.client))

/** As `read`, after 5 seconds; what became of the write is unknown then. */
export const write = <A>(db: Db, operation: string, use: (bounds: Bounds) => Promise<A>): Promise<A> =>
  Effect.runPromise(bounded(operation, 5000, use, db.client))

/** Makes indexes; those that are there already cost nothing. No limit for the server, which would abort the build. */
export const makeIndexes = async (use: (bounds: Pick<Bounds, "signal">) => Promise<unknown>): Promise<void> => {
  await Effect.runPromise(bounded("makeIndexes", 30_000, ({ signal }) => use({ signal })))
}

/** Whether it was inserted: false if a document with its id is there already. The error that says so quotes it. */
export const insertUnlessThere = (insertion: Promise<InsertOneResult>): Promise<boolean> =>
  insertion.then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === duplicateKey) return false
      throw error
    },
  )

const duplicateKey = 11_000
