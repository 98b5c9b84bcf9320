/** The demo's store in one SQLite file, or in memory. */
import { MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { migrate, SqliteDatabase, SqliteRepository } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import type { StoreLocation } from "../Configuration.ts"
import { migrations, migrationTable } from "./migrations.ts"
import { insertAccount, sqliteAccounts } from "./SqliteAccounts.ts"
import { sqliteIdempotencyKeys } from "./SqliteIdempotencyKeys.ts"
import { sqliteOAuthRecords } from "./SqliteOAuthRecords.ts"
import { sqliteSessions } from "./SqliteSessions.ts"
import { insertTreasure, sqliteTreasures } from "./SqliteTreasures.ts"
import type { Store } from "./Store.ts"

/**
 * Opens or creates the file, and its folder within an existing one. `memory` keeps accounts, treasures, sessions and
 * idempotency keys in an in-memory SQLite, and tokens in the core's own memory store. Rejects with an error whose
 * message says what is wrong with the file.
 */
export const openSqliteStore = async (
  location: Exclude<StoreLocation, { kind: "mongodb" | "postgres" }>,
): Promise<Store> => {
  if (location.kind === "sqlite") makeFolderOf(location.filename)
  const database = await Effect.runPromise(
    SqliteDatabase.open({ filename: location.kind === "sqlite" ? location.filename : ":memory:" }),
  )
  const tokens = ManagedRuntime.make(
    location.kind === "sqlite" ? SqliteRepository.layerFrom(database) : MemoryRepository.layer,
  )
  const close = async () => {
    await tokens.dispose()
    database.close()
  }
  try {
    await Effect.runPromise(migrate(database, { table: migrationTable, migrations }))
    return {
      ...storeOf(database),
      tokenRepository: await tokens.runPromise(ApiTokenRepository),
      tokenUsage: await tokens.runPromise(TokenUsageStore),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Without `recursive`, which never returns below /proc. Opening the file reports any problem with the folder. */
const makeFolderOf = (filename: string): void => {
  try {
    mkdirSync(dirname(filename))
  } catch {}
}

const storeOf = (database: SqliteDatabase): Omit<Store, "tokenRepository" | "tokenUsage" | "close"> => {
  const isEmpty = () => Effect.runPromise(database.read("isEmpty", (db) => hasNoAccount(db)))
  return {
    accounts: sqliteAccounts(database),
    treasures: sqliteTreasures(database),
    sessions: sqliteSessions(database),
    idempotencyKeys: sqliteIdempotencyKeys(database),
    oauthRecords: sqliteOAuthRecords(database),
    isEmpty,
    addIfEmpty: (accounts, treasures) =>
      Effect.runPromise(
        database.write("addIfEmpty", (db) => {
          if (!hasNoAccount(db)) return false
          for (const account of accounts) insertAccount(db, account)
          for (const treasure of treasures) insertTreasure(db, treasure)
          return true
        }),
      ),
    ping: async () => {
      await isEmpty()
    },
  }
}

const hasNoAccount = (db: SqliteDatabase["connection"]): boolean =>
  db.prepare("SELECT 1 FROM account LIMIT 1").get() === undefined
