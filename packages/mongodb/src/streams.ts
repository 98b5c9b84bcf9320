/** Sweeps over all owners' tokens, batch by batch. */
import type { ApiToken, ApiTokenRepository } from "@tokenry/core"
import { DateTime, Effect, Option, Stream } from "effect"
import { type BatchPosition, expiringBetween, liveCreatedBefore, type Query, undelivered, withKey } from "./queries.ts"
import type { TokenCollection } from "./TokenCollection.ts"
import { tokenOf } from "./TokenDocument.ts"

/** How many tokens are read and held in memory at a time. */
const batchSize = 100

export const streamsFrom = (
  tokens: TokenCollection,
): Pick<ApiTokenRepository["Service"], "liveCreatedBefore" | "expiringBetween" | "withKey" | "undelivered"> => {
  const batches = <Position>(
    operation: string,
    queryAfter: (after: Position | undefined) => Query,
    positionOf: (token: ApiToken) => Option.Option<Position>,
  ) =>
    Stream.paginate(undefined as Position | undefined, (after) =>
      Effect.map(
        tokens.read(operation, async (bounds) => {
          const { filter, sort } = queryAfter(after)
          const found = await tokens.collection.find(filter, { ...bounds, sort, limit: batchSize, batchSize }).toArray()
          return found.map(tokenOf)
        }),
        (batch) => {
          const last = batch.length < batchSize ? undefined : batch.at(-1)
          return [batch, last === undefined ? Option.none() : positionOf(last)] as const
        },
      ),
    )

  return {
    liveCreatedBefore: (instant, now) =>
      batches(
        "liveCreatedBefore",
        (after: BatchPosition | undefined) => liveCreatedBefore(instant, now, after),
        ({ createdAt, id }) => Option.some({ value: DateTime.toDateUtc(createdAt), id }),
      ),

    expiringBetween: (from, to) =>
      batches(
        "expiringBetween",
        (after: BatchPosition | undefined) => expiringBetween(from, to, after),
        ({ expiresAt, id }) => Option.map(expiresAt, (expiry) => ({ value: DateTime.toDateUtc(expiry), id })),
      ),

    withKey: (keyId) =>
      batches(
        "withKey",
        (after: string | undefined) => withKey(keyId, after),
        ({ id }) => Option.some<string>(id),
      ),

    // What is told meanwhile falls back to 0, behind the position, and what is changed meanwhile moves on, so none is passed over.
    undelivered: batches("undelivered", undelivered, (token) =>
      Option.some<BatchPosition>({ value: token.undelivered, id: token.id }),
    ),
  }
}
