/** Changes of many tokens, in batches: each has a deadline of its own, and no batch depends on the one before. */
import { type ApiTokenRepository, type Attribution, Change, type Revocation } from "@tokenry/core"
import { type Bounds, persistently } from "./bounded.ts"
import { deadBefore, mintedBy, unrevokedIssuedTo, unrevokedOf } from "./queries.ts"
import { changeDocumentOf, revocationDocumentOf } from "./TokenDocument.ts"
import type { MongoCollectionLike } from "./Driver.ts"
import type { TokenCollection } from "./TokenCollection.ts"

/** How many tokens a batch is. */
const batchSize = 500

export const bulkWorkOn = (
  tokens: TokenCollection,
  usages: MongoCollectionLike,
): Pick<ApiTokenRepository["Service"], "revokeOwnedBy" | "revokeIssuedTo" | "purge"> => {
  const { collection } = tokens

  const idsOf = async (filter: object, bounds: Bounds): Promise<ReadonlyArray<unknown>> => {
    const found = await collection
      .find(filter, { ...bounds, projection: { _id: 1 }, limit: batchSize, batchSize })
      .toArray()
    return found.map((document) => ("_id" in document ? document._id : undefined))
  }

  /** An attempt that is repeated finds what the one before has revoked already, and leaves it as it is. */
  const revokeAll = (operation: string, filter: () => object, revocation: Revocation, by: Attribution) =>
    tokens.inBatches(operation, async (bounds) => {
      // Made first, so that an instant that is missing is a defect also where there is nothing to revoke.
      const change = changeDocumentOf(Change.make("revoked", revocation.at, by, revocation.reason))
      const update = {
        $set: { revocation: revocationDocumentOf(revocation) },
        $inc: { revision: 1, undelivered: 1 },
        $push: { history: { $each: [change], $slice: -Change.remembered } },
      }
      const ids = await idsOf(filter(), bounds)
      if (ids.length === 0) return { count: 0, isLast: true }
      const { modifiedCount } = await persistently(bounds, () =>
        collection.updateMany({ _id: { $in: ids }, revocation: null }, update, bounds),
      )
      return { count: modifiedCount, isLast: ids.length < batchSize }
    })

  const remove = async (ids: ReadonlyArray<unknown>, bounds: Bounds): Promise<number> => {
    if (ids.length === 0) return 0
    const forget = () => persistently(bounds, () => usages.deleteMany({ tokenId: { $in: ids } }, bounds))
    // Before, so that an outage in between leaves no uses without their tokens; after, for those recorded meanwhile.
    await forget()
    const { deletedCount } = await persistently(bounds, () => collection.deleteMany({ _id: { $in: ids } }, bounds))
    await forget()
    return deletedCount
  }

  return {
    revokeOwnedBy: (ownedBy, revocation, by) => revokeAll("revokeOwnedBy", () => unrevokedOf(ownedBy), revocation, by),

    revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
      revokeAll("revokeIssuedTo", () => unrevokedIssuedTo(issuedTo, ownedBy), revocation, by),

    // What was minted by means of a dead token goes before it, so that it is never left behind.
    purge: (diedBefore) =>
      tokens.inBatches("purge", async (bounds) => {
        const dead = await idsOf(deadBefore(diedBefore), bounds)
        if (dead.length === 0) return { count: 0, isLast: true }
        const below = await idsOf(mintedBy(dead as ReadonlyArray<string>), bounds)
        const isLineageComplete = below.length < batchSize
        const count = await remove(isLineageComplete ? [...below, ...dead] : below, bounds)
        return { count, isLast: isLineageComplete && dead.length < batchSize }
      }),
  }
}
