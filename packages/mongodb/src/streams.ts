/** Sweeps over all owners' tokens in batches. No query reads more documents than its batch has. */
import type { ApiToken } from "@tokenry/core"
import { type ApiTokenRepository, stateOf } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { dateOf } from "./arguments.ts"
import { lastPositionOf, logDamaged, type ManyTokens, manyTokensOf } from "./manyTokens.ts"
import { newerSchemaOf } from "./NewerSchema.ts"
import {
  type BatchPosition,
  expiringBetween,
  type Query,
  undelivered,
  unrevokedCreatedBefore,
  withKey,
} from "./queries.ts"
import type { TokenCollection } from "./TokenCollection.ts"

/** How many tokens to read and hold in memory at a time. */
const batchSize = 100

interface Sweep {
  /** The first field of the sort order. */
  readonly field: "createdAt" | "expiresAt" | "undelivered" | "_id"
  readonly queryAfter: (after: BatchPosition | undefined) => Query
  /** Whether to emit a token that was read. Default: always. */
  readonly isWanted?: (token: ApiToken) => boolean
  /** Whether the consumer writes the tokens. If so, tokens with a newer schema are left to upgraded processes. */
  readonly isForWriting: boolean
}

export const streamsFrom = (
  tokens: TokenCollection,
): Pick<ApiTokenRepository["Service"], "liveCreatedBefore" | "expiringBetween" | "withKey" | "undelivered"> => {
  const sweep = (operation: string, { field, queryAfter, isWanted = () => true, isForWriting }: Sweep) =>
    Stream.paginate(undefined as BatchPosition | undefined, (after) =>
      Effect.flatMap(
        tokens.read(operation, (bounds) => {
          const { filter, sort } = queryAfter(after)
          return tokens.collection.find(filter, { ...bounds, sort, limit: batchSize, batchSize }).toArray()
        }),
        (documents) => {
          const ours = isForWriting ? documents.filter((document) => newerSchemaOf(document) === undefined) : documents
          const many = manyTokensOf(ours)
          const next = documents.length < batchSize ? undefined : lastPositionOf(documents, field)
          return Effect.as(logLeftOut(many, documents.length - ours.length), [
            many.tokens.filter(isWanted),
            Option.fromUndefinedOr(next),
          ] as const)
        },
      ),
    )

  return {
    liveCreatedBefore: (instant, now) =>
      sweep("liveCreatedBefore", {
        field: "createdAt",
        queryAfter: (after) => {
          // Checked here, so a missing instant is a defect even if there are no tokens.
          dateOf(now)
          return unrevokedCreatedBefore(instant, after)
        },
        isWanted: (token) => stateOf(token, now) === "live",
        isForWriting: true,
      }),

    expiringBetween: (from, to) =>
      sweep("expiringBetween", {
        field: "expiresAt",
        queryAfter: (after) => expiringBetween(from, to, after),
        isWanted: ({ revocation }) => Option.isNone(revocation),
        isForWriting: false,
      }),

    withKey: (keyId) =>
      sweep("withKey", { field: "_id", queryAfter: (after) => withKey(keyId, after), isForWriting: true }),

    // Skips none: a delivered token moves behind the position, to 0, and a changed one moves ahead.
    undelivered: sweep("undelivered", { field: "undelivered", queryAfter: undelivered, isForWriting: true }),
  }
}

const logLeftOut = ({ damaged, newer }: ManyTokens, notWritable: number): Effect.Effect<void> => {
  const count = newer.length + notWritable
  return count === 0
    ? logDamaged(damaged)
    : Effect.andThen(
        logDamaged(damaged),
        Effect.logInfo(
          `A newer version of Tokenry wrote ${count} tokens. Skipped them; upgraded processes will handle them`,
        ),
      )
}
