/** The server that tests use, available as `inject("mongodb")`. */

export interface MongoServerForTests {
  /** Without a database name: each test file uses a database of its own. */
  readonly url: string
  /** Whether it has sessions and explains plans like `mongod`; the stand-in doesn't. */
  readonly isRealMongod: boolean
  /** Its own description and where it comes from, for people. */
  readonly description: string
}

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined` if there is no server: tests that need one are skipped. */
    readonly mongodb: MongoServerForTests | undefined
  }
}
