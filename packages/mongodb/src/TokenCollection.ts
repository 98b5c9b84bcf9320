/** The collection of tokens, with a deadline for each operation. */
import type { RepositoryUnavailable } from "@tokenry/core"
import * as Effect from "effect/Effect"
import { Admission, type PooledClient } from "./Admission.ts"
import { type Bounds, bounded } from "./bounded.ts"
import type { MongoCollectionLike } from "./Driver.ts"

export interface Deadlines {
  readonly read: number
  readonly write: number
}

/** The result of one batch, and where the next one starts; `undefined` after the last. */
interface Batch<Position> {
  readonly count: number
  readonly next: Position | undefined
}

export class TokenCollection {
  readonly collection: MongoCollectionLike
  readonly #client: PooledClient
  readonly #deadlines: Deadlines

  constructor(collection: MongoCollectionLike, client: PooledClient, deadlines: Deadlines) {
    this.collection = collection
    this.#client = client
    this.#deadlines = deadlines
  }

  /** How many operations may run at once on the client. */
  get concurrency(): number {
    return Admission.of(this.#client).limit
  }

  read<A>(operation: string, use: (bounds: Bounds) => Promise<A>): Effect.Effect<A, RepositoryUnavailable> {
    return bounded(operation, this.#deadlines.read, use, this.#client)
  }

  write<A>(operation: string, use: (bounds: Bounds) => Promise<A>): Effect.Effect<A, RepositoryUnavailable> {
    return bounded(operation, this.#deadlines.write, use, this.#client)
  }

  /** Runs batches one after the other, each a write with its own deadline, and returns the total count. */
  inBatches<Position>(
    operation: string,
    batch: (bounds: Bounds, after: Position | undefined) => Promise<Batch<Position>>,
  ): Effect.Effect<number, RepositoryUnavailable> {
    const from = (total: number, after: Position | undefined): Effect.Effect<number, RepositoryUnavailable> =>
      Effect.flatMap(
        this.write(operation, (bounds) => batch(bounds, after)),
        ({ count, next }) => (next === undefined ? Effect.succeed(total + count) : from(total + count, next)),
      )
    return from(0, undefined)
  }
}
