/** The server that tests use, available as `inject("postgres")`. */

export interface PostgresServerForTests {
  /** As a user who may create databases, and without a database name: each test file uses a database of its own. */
  readonly url: string
  /** Its own description and where it comes from, for people. */
  readonly description: string
}

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined` if there is no server: tests that need one are skipped. */
    readonly postgres: PostgresServerForTests | undefined
  }
}
