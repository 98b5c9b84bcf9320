/** Stores usage in its own collection: one document per used secret. */
import type { DamagedToken } from "@tokenry/core"
import { SecretUsage, TokenUsageStore } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dateOf, idOf } from "./arguments.ts"
import { type Bounds, persistently } from "./bounded.ts"
import type { MongoCollectionLike } from "./Driver.ts"
import { isDuplicateKey } from "./driverErrors.ts"
import { logDamaged } from "./manyTokens.ts"
import { byIds } from "./queries.ts"
import { Reader } from "./Reader.ts"
import type { TokenCollection } from "./TokenCollection.ts"
import { additionTo, correctionOf, damagedUsageOf, firstUsageOf, manyUsagesOf, usagesAfter } from "./UsageDocument.ts"

/** How many secrets to write concurrently, at most. */
const mostAtOnce = 25

/** The id of the document that holds when recording began. No token has this id. */
const beginning = { _id: "beginning" }

export const usageStoreOn = (tokens: TokenCollection, usages: MongoCollectionLike): TokenUsageStore["Service"] => {
  /** At most a quarter of the client's connections, to leave the others for lookups. */
  const atOnce = Math.max(1, Math.min(mostAtOnce, Math.floor(tokens.concurrency / 4)))

  const existing = async (ids: ReadonlyArray<string>, bounds: Bounds): Promise<ReadonlySet<unknown>> => {
    const found = await tokens.collection.find(byIds(ids), { ...bounds, projection: { _id: 1 } }).toArray()
    return new Set(found.map((document) => ("_id" in document ? document._id : undefined)))
  }

  /**
   * Uses no upsert, because not every engine makes it atomic, and no retry after an outage: an update that did succeed would
   * be counted twice. Returns an error if the stored document is damaged.
   */
  const add = async (usage: SecretUsage, bounds: Bounds): Promise<DamagedToken | undefined> => {
    const update = async () => {
      const { filter, addition } = additionTo(usage)
      return (await usages.updateOne(filter, addition, bounds)).matchedCount === 1
    }
    if (await update()) return undefined
    try {
      await usages.insertOne(firstUsageOf(usage), bounds)
      return undefined
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
    // Another process has inserted the document since the update, or the document is damaged.
    return (await update()) ? undefined : damagedUsageOf(usage)
  }

  /** Replaces timestamps in the future by the present. Idempotent, and rarely finds any. */
  const bringBack = async (recorded: ReadonlyArray<SecretUsage>, now: DateTime.Utc, bounds: Bounds): Promise<void> => {
    for (const ahead of await usages.find(usagesAfter(now, recorded), bounds).toArray()) {
      const { filter, update } = correctionOf(ahead, now)
      await usages.updateOne(filter, update, bounds)
    }
  }

  /** Deletes the usage of tokens purged since the lookup, which nothing else would ever delete. */
  const forgetPurged = async (ids: ReadonlyArray<string>, bounds: Bounds): Promise<void> => {
    const still = await existing(ids, bounds)
    const purged = ids.filter((id) => !still.has(id))
    if (purged.length > 0) await usages.deleteMany({ tokenId: { $in: purged } }, bounds)
  }

  return TokenUsageStore.of({
    record: (given, now) =>
      given.length === 0
        ? Exit.void
        : Effect.gen(function* () {
            const all = SecretUsage.merge(given)
            const ids = [...new Set(all.map(({ tokenId }) => tokenId))]
            const there = yield* tokens.write("record", (bounds) => existing(ids, bounds))
            const recorded = all.filter(({ tokenId }) => there.has(tokenId))
            const damaged = yield* Effect.forEach(
              recorded,
              (usage) => tokens.write("record", (bounds) => add(usage, bounds)),
              { concurrency: atOnce },
            )
            yield* logDamaged(damaged.filter((damage) => damage !== undefined))
            if (now !== undefined) yield* tokens.write("record", (bounds) => bringBack(recorded, now, bounds))
            yield* tokens.write("record", (bounds) => forgetPurged([...there].map(String), bounds))
          }),

    usageOf: (ids) =>
      ids.length === 0
        ? nothingRecorded
        : Effect.flatMap(
            tokens.read("usageOf", (bounds) => usages.find({ tokenId: { $in: ids.map(idOf) } }, bounds).toArray()),
            (found) =>
              Effect.flatMap(DateTime.now, (now) => {
                const many = manyUsagesOf(found, now)
                return Effect.as(logDamaged(many.damaged), many.usages)
              }),
          ),

    begin: (now) =>
      tokens.write("begin", async (bounds) => {
        const first = { ...beginning, at: dateOf(now) }
        const stored = await usages.findOne(beginning, bounds)
        if (stored !== null) return beganAt(stored)
        await persistently(bounds, () => usages.insertOne(first, bounds)).catch((error: unknown) => {
          // Another process has just begun.
          if (!isDuplicateKey(error)) throw error
        })
        return beganAt((await usages.findOne(beginning, bounds)) ?? first)
      }),
  })
}

const beganAt = (document: object): DateTime.Utc => Reader.of(document).instant("at")

const nothingRecorded = Exit.succeed([])
