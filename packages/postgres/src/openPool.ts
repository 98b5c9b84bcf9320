/** A pool of the repository's own, which lives as long as the layer. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Client, Pool, type PoolConfig } from "pg"
import type { PostgresRepositoryOptions } from "./options.ts"
import { settledDatabase } from "./options.ts"
import { PostgresOpenError } from "./PostgresOpenError.ts"
import { withinDeadline } from "./withinDeadline.ts"

export interface PostgresConnectOptions extends PostgresRepositoryOptions {
  /** `postgres://…` or `postgresql://…`; appears in no error message. Without it, `pool` names the server. */
  readonly url?: string
  /** The driver's own options: TLS, size, host. */
  readonly pool?: PoolConfig
}

/** How long to wait for the last answers in the end. */
const closeMilliseconds = 5000

/** Connects when first used. */
export const openPool = (options: PostgresConnectOptions): Effect.Effect<Pool, PostgresOpenError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => makePool(options),
      // Without its cause, which may quote the URL and the password in it.
      catch: () => new PostgresOpenError({ reason: { _tag: "InvalidUrl" } }),
    }),
    (pool) => Effect.ignore(withinDeadline("close", closeMilliseconds, () => pool.end())),
  )

const makePool = ({ url, pool = {}, ...options }: PostgresConnectOptions): Pool => {
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) throw new TypeError("Not a PostgreSQL URL")
  const made = new Pool({ ...patience(options), ...(url === undefined ? {} : { connectionString: url }), ...pool })
  // A connection that ends while it is idle is replaced when the next one is needed.
  made.on("error", () => undefined)
  // The URL is parsed for the first connection only.
  void new Client(made.options)
  return made
}

/**
 * A pooler that gives each transaction another connection takes no settings with a connection, so there it has none. A
 * write sets its own timeout.
 */
const patience = (options: PostgresRepositoryOptions): PoolConfig => {
  const { deadlines, preparesStatements } = settledDatabase(options)
  return {
    application_name: "tokenry",
    connectionTimeoutMillis: deadlines.write,
    keepAlive: true,
    ...(preparesStatements
      ? { statement_timeout: Math.ceil(deadlines.read * 0.9), idle_in_transaction_session_timeout: deadlines.write * 2 }
      : {}),
  }
}
