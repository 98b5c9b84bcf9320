/** The demo's store in one MongoDB database. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { bounded, MongoRepository, reconnectWhenSilent } from "@tokenry/mongodb"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { type Db, MongoClient } from "mongodb"
import { indexAccounts, mongoAccounts } from "./MongoAccounts.ts"
import { indexIdempotencyKeys, mongoIdempotencyKeys } from "./MongoIdempotencyKeys.ts"
import { insertUnlessThere, read, write } from "./mongoOperations.ts"
import { indexOAuthRecords, mongoOAuthRecords } from "./MongoOAuthRecords.ts"
import { indexSessions, mongoSessions } from "./MongoSessions.ts"
import { indexTreasures, mongoTreasures } from "./MongoTreasures.ts"
import type { Store } from "./Store.ts"

/**
 * Connects, and creates missing indexes. Rejects within seconds if there is no server: `isWorthWaiting` decides whether to
 * try again. No error contains the URL.
 */
export const openMongoStore = async (url: string): Promise<Store> => {
  const client = new MongoClient(url, { ...settled, ...patience })
  const stopWatching = reconnectWhenSilent(client)
  const tokens = ManagedRuntime.make(MongoRepository.layerFrom(client))
  const close = async () => {
    stopWatching()
    await tokens.dispose()
    await Effect.runPromise(Effect.ignore(bounded("close", 5000, () => client.close())))
  }
  try {
    const tokenRepository = await tokens.runPromise(ApiTokenRepository)
    const tokenUsage = await tokens.runPromise(TokenUsageStore)
    const db = client.db()
    for (const makeIndexes of [indexAccounts, indexTreasures, indexSessions, indexIdempotencyKeys, indexOAuthRecords]) {
      await makeIndexes(db)
    }
    let closing: Promise<void> | undefined
    return { ...storeOf(db), tokenRepository, tokenUsage, close: () => (closing ??= close()) }
  } catch (error) {
    await close()
    throw error
  }
}

/** Reads see every acknowledged write, and acknowledged writes survive the loss of any one machine. */
const settled = { readPreference: "primary", writeConcern: { w: "majority", journal: true } } as const

/** How soon a server that hangs counts as gone, and a recovered one is noticed. */
const patience = {
  connectTimeoutMS: 3000,
  heartbeatFrequencyMS: 2000,
  serverSelectionTimeoutMS: 5000,
  appName: "tokenry-demo",
} as const

const storeOf = (db: Db): Omit<Store, "tokenRepository" | "tokenUsage" | "close"> => {
  /** Holds one document, written last: it marks the store as filled. */
  const filled = db.collection<{ _id: "fixtures" }>("filled")
  const accounts = mongoAccounts(db)
  const treasures = mongoTreasures(db)
  const isEmpty = () =>
    read(db, "isEmpty", async (bounds) => (await filled.findOne({ _id: "fixtures" }, bounds)) === null)
  return {
    accounts,
    treasures,
    sessions: mongoSessions(db),
    idempotencyKeys: mongoIdempotencyKeys(db),
    oauthRecords: mongoOAuthRecords(db),
    isEmpty,
    addIfEmpty: async (newAccounts, newTreasures) => {
      if (!(await isEmpty())) return false
      for (const treasure of newTreasures) await treasures.addUnlessThere(treasure)
      for (const account of newAccounts) await accounts.addUnlessThere(account)
      return write(db, "addIfEmpty", (bounds) => insertUnlessThere(filled.insertOne({ _id: "fixtures" }, bounds)))
    },
    ping: async () => {
      await isEmpty()
    },
  }
}
