/** The record of uses beside the tokens: one document for each secret that was used. */
import { SecretUsage, TokenUsageStore } from "@tokenry/core"
import { Exit } from "effect"
import { dateOf, idOf } from "./arguments.ts"
import { type Bounds, persistently } from "./bounded.ts"
import type { MongoCollectionLike } from "./Driver.ts"
import { isDuplicateKey } from "./driverErrors.ts"
import { byIds } from "./queries.ts"
import { Reader } from "./Reader.ts"
import type { TokenCollection } from "./TokenCollection.ts"
import { additionOf, usageIdOf, usageOf } from "./UsageDocument.ts"

/** How many secrets are written at a time, so that look-ups still find a connection in the driver's pool. */
const atOnce = 25

/** Names the document that says since when uses are recorded; no token has this id. */
const beginning = { _id: "beginning" }

export const usageStoreOn = (tokens: TokenCollection, usages: MongoCollectionLike): TokenUsageStore["Service"] => {
  const thoseThere = async (ids: ReadonlyArray<string>, bounds: Bounds): Promise<ReadonlySet<unknown>> => {
    const found = await tokens.collection.find(byIds(ids), { ...bounds, projection: { _id: 1 } }).toArray()
    return new Set(found.map((document) => ("_id" in document ? document._id : undefined)))
  }

  /** Not repeated after an outage, as it may have been done: it would be counted twice. */
  const add = (usage: SecretUsage, bounds: Bounds): Promise<unknown> => {
    const attempt = () => usages.updateOne({ _id: usageIdOf(usage) }, additionOf(usage), { upsert: true, ...bounds })
    return attempt().catch((error: unknown) => {
      // Another process has made the document in the same moment: nothing was written, and now there is one to add to.
      if (isDuplicateKey(error)) return attempt()
      throw error
    })
  }

  return TokenUsageStore.of({
    record: (given) =>
      given.length === 0
        ? Exit.void
        : tokens.write("record", async (bounds) => {
            const all = SecretUsage.merge(given)
            const there = await thoseThere([...new Set(all.map(({ tokenId }) => tokenId))], bounds)
            const recorded = all.filter(({ tokenId }) => there.has(tokenId))
            for (let start = 0; start < recorded.length; start += atOnce) {
              await Promise.all(recorded.slice(start, start + atOnce).map((usage) => add(usage, bounds)))
            }
            // Those of tokens that were purged since the look-up would stay for ever.
            const still = await thoseThere([...there].map(String), bounds)
            const purged = [...there].filter((id) => !still.has(id))
            if (purged.length > 0) await usages.deleteMany({ tokenId: { $in: purged } }, bounds)
          }),

    usageOf: (ids) =>
      ids.length === 0
        ? nothingRecorded
        : tokens.read("usageOf", async (bounds) => {
            const found = await usages.find({ tokenId: { $in: ids.map(idOf) } }, bounds).toArray()
            return found.map(usageOf)
          }),

    begin: (now) =>
      tokens.write("begin", async (bounds) => {
        const first = { $setOnInsert: { at: dateOf(now) } }
        await persistently(bounds, () => usages.updateOne(beginning, first, { upsert: true, ...bounds })).catch(
          (error: unknown) => {
            // Another process began in the same moment.
            if (!isDuplicateKey(error)) throw error
          },
        )
        return Reader.of((await usages.findOne(beginning, bounds)) ?? beginning).instant("at")
      }),
  })
}

const nothingRecorded = Exit.succeed([])
