/** The repository's own pool, closed with the layer. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Client, Pool, type PoolConfig } from "pg"
import type { PostgresRepositoryOptions } from "./options.ts"
import { settledDatabase } from "./options.ts"
import { PostgresOpenError } from "./PostgresOpenError.ts"
import { withinDeadline } from "./withinDeadline.ts"

export interface PostgresConnectOptions extends PostgresRepositoryOptions {
  /** `postgres://…` or `postgresql://…`; never in an error message. Default: `pool` names the server. */
  readonly url?: string
  /** The driver's own options: TLS, size, host. */
  readonly pool?: PoolConfig
}

/** How long closing waits for the last answers. */
const closeMilliseconds = 5000

/** Connects on first use. */
export const openPool = (options: PostgresConnectOptions): Effect.Effect<Pool, PostgresOpenError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => makePool(options),
      // The cause is left out: it may quote the URL and its password.
      catch: () => new PostgresOpenError({ reason: { _tag: "InvalidUrl" } }),
    }),
    (pool) => Effect.ignore(withinDeadline("close", closeMilliseconds, () => pool.end())),
  )

const makePool = ({ url, pool = {}, ...options }: PostgresConnectOptions): Pool => {
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) throw new TypeError("Not a PostgreSQL URL")
  const made = new Pool({ ...patience(options), ...(url === undefined ? {} : { connectionString: url }), ...pool })
  // An idle connection that ends is replaced when the next one is needed.
  made.on("error", () => undefined)
  // If a server ends a connection as soon as it accepts it, the error comes before the client's user can listen for it.
  made.on("connect", (client) => client.on("error", () => undefined))
  // Parses the URL now, so a bad one fails here and not on first use.
  void new Client(made.options)
  return made
}

/** Sends no settings on connect to a pooler in transaction mode, which refuses them. Writes set their own timeout. */
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
