/**
 * The few members of `pg` used here, as structural types: the application's own `Pool`, Neon's `Pool`, or Drizzle's
 * pool all fit.
 */

/** The part of a `Pool` used here. */
export interface PostgresPoolLike {
  connect(): Promise<PostgresPoolClientLike>
  /** A pool of one connection can't spare one to listen for changes. */
  readonly options?: { readonly max?: number | undefined }
}

/** The part of a `Client`, or a pool's client, used here. */
export interface PostgresClientLike {
  query(statement: StatementForDriver): Promise<{ readonly rows: Array<unknown> }>
}

/** The part of a pool's client used here. */
export interface PostgresPoolClientLike extends PostgresClientLike {
  /** With an error, the pool closes the connection instead of keeping it. */
  release(error?: Error): void
  on(event: "error", listener: (error: Error) => void): unknown
  on(event: "end", listener: () => void): unknown
  on(event: "notification", listener: (message: NotificationLike) => void): unknown
  removeListener(event: "error", listener: (error: Error) => void): unknown
}

/** A notification sent by NOTIFY. */
interface NotificationLike {
  readonly channel: string
  readonly payload?: string | undefined
}

/** A statement as the driver takes it. */
export interface StatementForDriver {
  readonly text: string
  readonly values?: Array<unknown>
  /** The name of the prepared statement, which is prepared once per connection. */
  readonly name?: string
  /** Parses columns as text, bypassing the application's own parsers. */
  readonly types: { getTypeParser(): (text: string) => string }
}
