/** The demo's store in one PostgreSQL database. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { migrate, PostgresDatabase, PostgresRepository, type Query } from "@tokenry/postgres"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { Pool } from "pg"
import { insertAccount, postgresAccounts } from "./PostgresAccounts.ts"
import { postgresIdempotencyKeys } from "./PostgresIdempotencyKeys.ts"
import { postgresOAuthRecords } from "./PostgresOAuthRecords.ts"
import { postgresMigrations } from "./postgresMigrations.ts"
import { run } from "./postgresOperations.ts"
import { postgresSessions } from "./PostgresSessions.ts"
import { insertTreasure, postgresTreasures } from "./PostgresTreasures.ts"
import type { Store } from "./Store.ts"

/**
 * Connects, and creates missing tables. Rejects within seconds if there is no server: `isWorthWaiting` decides whether to
 * try again. No error contains the URL.
 */
export const openPostgresStore = async (url: string): Promise<Store> => {
  const pool = new Pool({ connectionString: url, ...patience })
  // A connection that breaks while idle is replaced when the next one is needed.
  pool.on("error", () => undefined)
  const database = PostgresDatabase.fromPool(pool)
  const tokens = ManagedRuntime.make(PostgresRepository.layerFrom(pool))
  const close = async () => {
    await tokens.dispose()
    await pool.end()
  }
  try {
    await run(migrate(database, postgresMigrations))
    const tokenRepository = await tokens.runPromise(ApiTokenRepository)
    const tokenUsage = await tokens.runPromise(TokenUsageStore)
    let closing: Promise<void> | undefined
    return { ...storeOf(database), tokenRepository, tokenUsage, close: () => (closing ??= close()) }
  } catch (error) {
    await close()
    throw error
  }
}

/** How long the server may take for a lookup. A slower connection counts as refused. */
const patience = {
  max: 20,
  connectionTimeoutMillis: 3000,
  statement_timeout: 1800,
  idle_in_transaction_session_timeout: 10_000,
  keepAlive: true,
  application_name: "tokenry-demo",
} as const

const storeOf = (database: PostgresDatabase): Omit<Store, "tokenRepository" | "tokenUsage" | "close"> => {
  const isEmpty = () => run(database.read("isEmpty", hasNoAccount))
  return {
    accounts: postgresAccounts(database),
    treasures: postgresTreasures(database),
    sessions: postgresSessions(database),
    idempotencyKeys: postgresIdempotencyKeys(database),
    oauthRecords: postgresOAuthRecords(database),
    isEmpty,
    addIfEmpty: (accounts, treasures) =>
      run(
        database.write("addIfEmpty", async (query) => {
          // Of several concurrent calls, one fills the store; the others wait and find it filled.
          await query({ text: "LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE" })
          if (!(await hasNoAccount(query))) return false
          for (const account of accounts) await insertAccount(query, account)
          for (const treasure of treasures) await insertTreasure(query, treasure)
          return true
        }),
      ),
    ping: async () => {
      await isEmpty()
    },
  }
}

const hasNoAccount = async (query: Query): Promise<boolean> =>
  (await query({ text: "SELECT FROM account LIMIT 1" })).length === 0
