/** What tests are told of the server that they are to use, by `inject("mongodb")`. */

export interface MongoServerForTests {
  /** Without a database's name: each test file uses one of its own. */
  readonly url: string
  /** Whether it explains plans as `mongod` does, and has sessions; what stands in for one doesn't. */
  readonly isRealMongod: boolean
  /** What it says it is, and where it comes from, for people. */
  readonly description: string
}

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined`: there is none, and tests that need it are skipped. */
    readonly mongodb: MongoServerForTests | undefined
  }
}
