/** Bulk changes in batches, each with its own deadline, continuing where the previous one ended. */
import { type Attribution, RepositoryUnavailable, type Revocation } from "@tokenry/core"
import { type ApiTokenRepository, Change } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import { type Bounds, persistently } from "./bounded.ts"
import type { MongoCollectionLike } from "./Driver.ts"
import { lastPositionOf, logDamaged, manyTokensOf } from "./manyTokens.ts"
import { newerSchemaOf } from "./NewerSchema.ts"
import {
  type BatchPosition,
  deadBefore,
  mintedBy,
  type Query,
  revocable,
  unrevokedIssuedTo,
  unrevokedOf,
} from "./queries.ts"
import type { TokenCollection } from "./TokenCollection.ts"
import { changeDocumentOf, revocationDocumentOf } from "./TokenDocument.ts"

/** How many tokens to change in one command. */
const batchSize = 500

/** The tokens to revoke, in an order that lets each batch continue after the previous one. */
interface Unrevoked {
  readonly field: "expiresAt" | "ownedBy"
  readonly queryAfter: (after: BatchPosition | undefined) => Query
}

export const bulkWorkOn = (
  tokens: TokenCollection,
  usages: MongoCollectionLike,
): Pick<ApiTokenRepository["Service"], "revokeOwnedBy" | "revokeIssuedTo" | "purge"> => {
  const { collection } = tokens

  const revokeAll = (operation: string, unrevoked: Unrevoked, revocation: Revocation, by: Attribution) => {
    const { field, queryAfter } = unrevoked

    /** Leaves tokens alone that a previous attempt has revoked. */
    const revoke = async (ids: ReadonlyArray<unknown>, bounds: Bounds): Promise<number> => {
      // First, so a missing instant is a defect even if there is nothing to revoke.
      const change = changeDocumentOf(Change.make("revoked", revocation.at, by, revocation.reason))
      const update = {
        $set: { revocation: revocationDocumentOf(revocation) },
        $inc: { revision: 1, undelivered: 1 },
        // May exceed the history's limit by one entry, once: a token is revoked only once.
        $push: { history: change },
      }
      if (ids.length === 0) return 0
      const { modifiedCount } = await persistently(bounds, () => collection.updateMany(revocable(ids), update, bounds))
      return modifiedCount
    }

    const onePass = tokens.inBatches<BatchPosition>(operation, async (bounds, after) => {
      const { filter, sort } = queryAfter(after)
      const found = await collection
        .find(filter, { ...bounds, sort, projection: { [field]: 1 }, limit: batchSize, batchSize })
        .toArray()
      const count = await revoke(found.map(idOf), bounds)
      return { count, next: found.length < batchSize ? undefined : lastPositionOf(found, field) }
    })

    /** Finds what one pass missed: tokens that moved in its order, damaged ones, and ones with a newer schema. */
    const leftover = tokens.write(operation, async (bounds) => {
      const found = await collection
        .find(queryAfter(undefined).filter, { ...bounds, limit: batchSize, batchSize })
        .toArray()
      const newer = found.flatMap((document) => newerSchemaOf(document) ?? [])
      return { count: await revoke(found.map(idOf), bounds), newer: newer[0], damaged: manyTokensOf(found).damaged }
    })

    const untilNothingIsLeft = (total: number): Effect.Effect<number, RepositoryUnavailable> =>
      Effect.flatMap(onePass, (count) =>
        Effect.flatMap(leftover, (left) => {
          if (left.count > 0) return untilNothingIsLeft(total + count + left.count)
          const done = Effect.as(logDamaged(left.damaged), total + count)
          return left.newer === undefined
            ? done
            : Effect.andThen(done, Effect.fail(new RepositoryUnavailable({ operation, cause: left.newer })))
        }),
      )
    return untilNothingIsLeft(0)
  }

  const idsOf = async (filter: object, bounds: Bounds): Promise<ReadonlyArray<unknown>> => {
    const found = await collection
      .find(filter, { ...bounds, projection: { _id: 1 }, limit: batchSize, batchSize })
      .toArray()
    return found.map(idOf)
  }

  const remove = async (ids: ReadonlyArray<unknown>, bounds: Bounds): Promise<number> => {
    if (ids.length === 0) return 0
    const forget = () => persistently(bounds, () => usages.deleteMany({ tokenId: { $in: ids } }, bounds))
    // Before the tokens, so an outage leaves no orphaned usage, and again after them, for uses recorded meanwhile.
    await forget()
    const { deletedCount } = await persistently(bounds, () => collection.deleteMany({ _id: { $in: ids } }, bounds))
    await forget()
    return deletedCount
  }

  return {
    revokeOwnedBy: (ownedBy, revocation, by) =>
      revokeAll(
        "revokeOwnedBy",
        { field: "expiresAt", queryAfter: (after) => unrevokedOf(ownedBy, after) },
        revocation,
        by,
      ),

    revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
      revokeAll(
        "revokeIssuedTo",
        { field: "ownedBy", queryAfter: (after) => unrevokedIssuedTo(issuedTo, ownedBy, after) },
        revocation,
        by,
      ),

    // Removes descendants before the dead token they were minted with, so none is left behind. Each batch removes what it
    // finds, so the next one starts from the beginning.
    purge: (diedBefore) =>
      tokens.inBatches<"again">("purge", async (bounds) => {
        const dead = await idsOf(deadBefore(diedBefore), bounds)
        if (dead.length === 0) return { count: 0, next: undefined }
        const below = await idsOf(mintedBy(dead as ReadonlyArray<string>), bounds)
        const isLineageComplete = below.length < batchSize
        const count = await remove(isLineageComplete ? [...below, ...dead] : below, bounds)
        return { count, next: isLineageComplete && dead.length < batchSize ? undefined : "again" }
      }),
  }
}

const idOf = (document: object): unknown => ("_id" in document ? document._id : undefined)
