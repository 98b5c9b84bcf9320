/** The demo's store in one PostgreSQL database. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { migrate, PostgresDatabase, PostgresOpenError, PostgresRepository, type Query } from "@tokenry/postgres"
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
 * Connects and makes what tables are missing. Rejects within seconds if there is no server: `isPostgresOutage` tells whether
 * it is worth trying again. The URL appears in no error.
 */
export const openPostgresStore = async (url: string): Promise<Store> => {
  const pool = new Pool({ connectionString: url, ...patience })
  // A connection that ends while it is idle is replaced when the next one is needed.
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

/** Whether opening failed because nothing answers, rather than because of what is set up wrongly. */
export const isPostgresOutage = (error: unknown): boolean => {
  if (error instanceof PostgresOpenError) return error.reason._tag === "Unreachable"
  return typeof error === "object" && error !== null && "_tag" in error && error._tag === "RepositoryUnavailable"
}

/** How long the server may take for a lookup. A connection that takes longer counts as refused. */
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
          // Of any number that try at once, the others wait, and then find it done.
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
