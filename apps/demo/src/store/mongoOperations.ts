/** Reads and writes the demo's own collections, with the same deadlines as the token repository. */
import { bounded, type Bounds } from "@tokenry/mongodb"
import * as Effect from "effect/Effect"
import type { Db, InsertOneResult } from "mongodb"

/**
 * Rejects with `RepositoryUnavailable` after 2 seconds, or earlier if the driver reports an outage or its pool is busy.
 */
export const read = <A>(db: Db, operation: string, use: (bounds: Bounds) => Promise<A>): Promise<A> =>
  Effect.runPromise(bounded(operation, 2000, use, db.client))

/** Like `read`, but after 5 seconds. The write's outcome is then unknown. */
export const write = <A>(db: Db, operation: string, use: (bounds: Bounds) => Promise<A>): Promise<A> =>
  Effect.runPromise(bounded(operation, 5000, use, db.client))

/** Creates indexes; existing ones cost nothing. Sets no time limit on the server, which would abort the build. */
export const makeIndexes = async (use: (bounds: Pick<Bounds, "signal">) => Promise<unknown>): Promise<void> => {
  await Effect.runPromise(bounded("makeIndexes", 30_000, ({ signal }) => use({ signal })))
}

/** Returns whether it was inserted: false if a document with its id exists. The driver's own error would quote it. */
export const insertUnlessThere = (insertion: Promise<InsertOneResult>): Promise<boolean> =>
  insertion.then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === duplicateKey) return false
      throw error
    },
  )

const duplicateKey = 11_000
