/** The server for the tests, which they get with `inject("mongodb")`. */

export interface MongoServerForTests {
  /** Names no database: tests make their own. */
  readonly url: string
  /** Whether it explains plans as `mongod` does. The stand-in doesn't. */
  readonly isRealMongod: boolean
  /** Its name, version and origin, for the run's summary. */
  readonly description: string
}

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined`: there is none, so tests that need it are skipped. */
    readonly mongodb: MongoServerForTests | undefined
  }
}
