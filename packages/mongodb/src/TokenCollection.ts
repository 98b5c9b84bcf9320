/** The collection of tokens, each use of which has a deadline. */
import type { RepositoryUnavailable } from "@tokenry/core"
import { Effect } from "effect"
import { type Bounds, bounded } from "./bounded.ts"
import type { MongoCollectionLike } from "./Driver.ts"

export interface Deadlines {
  readonly read: number
  readonly write: number
}

/** What one batch of a long work did. */
interface Batch {
  readonly count: number
  readonly isLast: boolean
}

export class TokenCollection {
  readonly collection: MongoCollectionLike
  readonly #deadlines: Deadlines

  constructor(collection: MongoCollectionLike, deadlines: Deadlines) {
    this.collection = collection
    this.#deadlines = deadlines
  }

  read<A>(operation: string, use: (bounds: Bounds) => Promise<A>): Effect.Effect<A, RepositoryUnavailable> {
    return bounded(operation, this.#deadlines.read, use)
  }

  write<A>(operation: string, use: (bounds: Bounds) => Promise<A>): Effect.Effect<A, RepositoryUnavailable> {
    return bounded(operation, this.#deadlines.write, use)
  }

  /** Runs batch after batch, each a write of its own, and adds up what they did. */
  inBatches(
    operation: string,
    batch: (bounds: Bounds) => Promise<Batch>,
  ): Effect.Effect<number, RepositoryUnavailable> {
    const from = (total: number): Effect.Effect<number, RepositoryUnavailable> =>
      Effect.flatMap(this.write(operation, batch), ({ count, isLast }) =>
        isLast ? Effect.succeed(total + count) : from(total + count),
      )
    return from(0)
  }
}
