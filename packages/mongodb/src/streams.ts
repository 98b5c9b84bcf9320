/** Sweeps over all owners' tokens, batch by batch. */
import type { ApiToken, ApiTokenRepository } from "@tokenry/core"
import { Effect, Option, Stream } from "effect"
import { type BatchPosition, expiringBetween, liveCreatedBefore, type Query } from "./queries.ts"
import type { TokenCollection } from "./TokenCollection.ts"
import { tokenOf } from "./TokenDocument.ts"

/** How many tokens are read and held in memory at a time. */
const batchSize = 100

export const streamsFrom = (
  tokens: TokenCollection,
): Pick<ApiTokenRepository["Service"], "liveCreatedBefore" | "expiringBetween"> => {
  const batches = (
    operation: string,
    queryAfter: (after: BatchPosition | undefined) => Query,
    valueOf: (token: ApiToken) => Option.Option<{ readonly epochMilliseconds: number }>,
  ) =>
    Stream.paginate(undefined as BatchPosition | undefined, (after) =>
      Effect.map(
        tokens.read(operation, async (bounds) => {
          const { filter, sort } = queryAfter(after)
          const found = await tokens.collection.find(filter, { ...bounds, sort, limit: batchSize, batchSize }).toArray()
          return found.map(tokenOf)
        }),
        (batch) => {
          const last = batch.length < batchSize ? undefined : batch.at(-1)
          const value = last && Option.getOrUndefined(valueOf(last))
          return [
            batch,
            last && value ? Option.some({ value: new Date(value.epochMilliseconds), id: last.id }) : Option.none(),
          ] as const
        },
      ),
    )

  return {
    liveCreatedBefore: (instant, now) =>
      batches(
        "liveCreatedBefore",
        (after) => liveCreatedBefore(instant, now, after),
        ({ createdAt }) => Option.some(createdAt),
      ),

    expiringBetween: (from, to) =>
      batches(
        "expiringBetween",
        (after) => expiringBetween(from, to, after),
        ({ expiresAt }) => expiresAt,
      ),
  }
}
