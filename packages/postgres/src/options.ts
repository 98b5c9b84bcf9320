/** The options of the repository, and their defaults. */
import * as Duration from "effect/Duration"

/** Milliseconds. */
export interface Deadlines {
  readonly read: number
  readonly write: number
}

export interface PostgresDatabaseOptions {
  /** How long an operation may take, waiting for a connection included. Defaults: `read` 2 seconds, `write` 5. */
  readonly deadlines?: {
    readonly read?: Duration.Input
    readonly write?: Duration.Input
  }
  /**
   * Whether statements are prepared under a name on each connection, which saves PostgreSQL from planning every verify
   * again. The default is true. Set it to false behind a pooler that gives each transaction another connection, such as
   * PgBouncer before 1.21, or later ones with `max_prepared_statements = 0`.
   */
  readonly preparedStatements?: boolean
  /**
   * Whether changes are notified to other processes' caches, with `pg_notify` in the transaction that makes them. The default
   * is true. Set it to false on a database without `pg_notify`: then caches rely on their `maxStaleness` alone.
   */
  readonly notify?: boolean
}

/** Where the tables are. */
export interface TableOptions {
  /** The schema of the tables, created if missing. The default is `public`. */
  readonly schema?: string
  /** What the names of the tables begin with: `auth_` makes `auth_api_token`. The default is nothing. */
  readonly tablePrefix?: string
}

export interface PostgresRepositoryOptions extends PostgresDatabaseOptions, TableOptions {
  /**
   * Whether opening brings the tables up to date. The default is true. With false, opening only checks that they are, and
   * fails with the reason `NotMigrated` if they aren't.
   */
  readonly migrate?: boolean
  /**
   * Whether a cache listens for other processes' changes (LISTEN, on a connection of its own). The default is true, and
   * false with `preparedStatements: false`. Set it to false behind a pooler that gives each transaction another connection:
   * the cache then relies on its `maxStaleness` alone.
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
