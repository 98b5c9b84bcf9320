/**
 * The few members of `pg` that are used here, as shapes: a `Pool` of the application's own copy of the driver, Neon's
 * `Pool`, or the one that Drizzle was given, will do.
 */

/** What a `Pool` has. */
export interface PostgresPoolLike {
  connect(): Promise<PostgresPoolClientLike>
  /** With room for one connection only, none can be kept to listen for changes. */
  readonly options?: { readonly max?: number | undefined }
}

/** What a `Client`, or a client of a pool, has. */
export interface PostgresClientLike {
  query(statement: StatementForDriver): Promise<{ readonly rows: Array<unknown> }>
}

/** What a client of a pool has. */
export interface PostgresPoolClientLike extends PostgresClientLike {
  /** With an error, the pool closes the connection instead of keeping it. */
  release(error?: Error): void
  on(event: "error", listener: (error: Error) => void): unknown
  on(event: "end", listener: () => void): unknown
  on(event: "notification", listener: (message: NotificationLike) => void): unknown
  removeListener(event: "error", listener: (error: Error) => void): unknown
}

/** What NOTIFY sent. */
interface NotificationLike {
  readonly channel: string
  readonly payload?: string | undefined
}

/** A statement as the driver takes it. */
export interface StatementForDriver {
  readonly text: string
  readonly values?: Array<unknown>
  /** Prepared under this name, once on each connection. */
  readonly name?: string
  /** How columns are parsed: here never by the application's own parsers. */
  readonly types: { getTypeParser(): (text: string) => string }
}
