/** The server that tests use, available as `inject("postgres")`. */

export interface PostgresServerForTests {
  /** With a user who may create databases, and without a database's name. */
  readonly url: string
  /** How the names of this run's databases begin: those that a test leaves behind are dropped when the run ends. */
  readonly databasePrefix: string
  /** Its own version, and where it comes from, for people. */
  readonly description: string
}

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined` if there is no server: tests that need one are skipped. */
    readonly postgres: PostgresServerForTests | undefined
  }
}
