/** The names of the tables and constraints, in the application's schema and with its prefix. */
import { createHash } from "node:crypto"
import type { PostgresDatabaseOptions, TableOptions } from "./options.ts"

export interface Tables {
  /** Quoted for SQL. */
  readonly schema: string
  /** Quoted and qualified. */
  readonly token: string
  readonly secret: string
  readonly usage: string
  readonly usageSince: string
  readonly migration: string
  /** The plain name, for indexes and constraints that are named after their table. */
  readonly prefix: string
  /** The channel of notifications, if any. Each schema and prefix has its own. */
  readonly channel: string | undefined
  /** SQL that notifies, at commit, that a token has changed; `id` is SQL for the token's id. */
  readonly notify: (id: string) => string
}

/** Precedes the id in a notification. */
export const tokenPrefix = "token "

/** @throws RangeError if a name is not a plain SQL name, or is too long. */
export const tablesOf = ({
  schema = "public",
  tablePrefix = "",
  notify = true,
}: TableOptions & Pick<PostgresDatabaseOptions, "notify">): Tables => {
  if (!isPlainName(schema)) throw new RangeError("A schema's name has letters, digits and underscores, at most 63")
  if (tablePrefix !== "" && !(isPlainName(tablePrefix) && tablePrefix.length <= 32)) {
    throw new RangeError("A table prefix has letters, digits and underscores, at most 32")
  }
  const table = (name: string) => `"${schema}"."${tablePrefix}${name}"`
  const channel = `tokenry_${createHash("sha256").update(`${schema}.${tablePrefix}`).digest("hex").slice(0, 16)}`
  return {
    schema: `"${schema}"`,
    token: table("api_token"),
    secret: table("api_token_secret"),
    usage: table("api_token_usage"),
    usageSince: table("api_token_usage_since"),
    migration: table("tokenry_migration"),
    prefix: tablePrefix,
    channel: notify ? channel : undefined,
    notify: (id) => (notify ? `pg_notify('${channel}', '${tokenPrefix}' || ${id})` : "NULL"),
  }
}

/** PostgreSQL silently truncates longer names. */
const isPlainName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)
