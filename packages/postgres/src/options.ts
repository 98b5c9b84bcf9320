/** The options of the repository, and their defaults. */
import * as Duration from "effect/Duration"

/** Milliseconds. */
export interface Deadlines {
  readonly read: number
  readonly write: number
}

export interface PostgresDatabaseOptions {
  /** How long an operation may take, including the wait for a connection. Defaults: `read` 2 seconds, `write` 5. */
  readonly deadlines?: {
    readonly read?: Duration.Input
    readonly write?: Duration.Input
  }
  /**
   * Whether to use named prepared statements, so that PostgreSQL plans a verify once per connection instead of every
   * time. Default: true. Set it to false behind a pooler in transaction mode: PgBouncer before 1.21, or a later one with
   * `max_prepared_statements = 0`.
   */
  readonly preparedStatements?: boolean
  /**
   * Whether to notify other processes' caches of changes, with `pg_notify` in the same transaction. Default: true. Set it
   * to false on a database without `pg_notify`; caches then rely on `maxStaleness` alone.
   */
  readonly notify?: boolean
}

/** Where the tables are. */
export interface TableOptions {
  /** The schema of the tables, created if missing. Default: `public`. */
  readonly schema?: string
  /** Prefixes the tables' names: `auth_` makes `auth_api_token`. Default: none. */
  readonly tablePrefix?: string
}

export interface PostgresRepositoryOptions extends PostgresDatabaseOptions, TableOptions {
  /**
   * Whether opening migrates the tables. Default: true. With false, opening only checks that they are up to date, and
   * fails with the reason `NotMigrated` if they aren't.
   */
  readonly migrate?: boolean
  /**
   * Whether a cache listens for other processes' changes, with LISTEN on a dedicated connection. Default: the value of
   * `preparedStatements`. Set it to false behind a pooler in transaction mode; the cache then relies on `maxStaleness`
   * alone.
   */
  readonly listen?: boolean
}

export const settledDatabase = ({ deadlines = {}, preparedStatements = true }: PostgresDatabaseOptions) => ({
  deadlines: {
    read: millisecondsOf(deadlines.read ?? "2 seconds"),
    write: millisecondsOf(deadlines.write ?? "5 seconds"),
  } satisfies Deadlines,
  preparesStatements: preparedStatements,
})

const millisecondsOf = (duration: Duration.Input): number => {
  const milliseconds = Math.ceil(Duration.toMillis(duration))
  if (!(milliseconds >= 1 && milliseconds < 2 ** 31))
    throw new RangeError("A deadline must be at least a millisecond, and finite")
  return milliseconds
}
