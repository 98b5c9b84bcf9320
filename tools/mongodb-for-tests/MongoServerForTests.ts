/** What tests learn about the MongoDB server that they use, by `inject("mongodb")`. */

/** A server, and how to stop it if it was started here. */
export interface RunningServer {
  readonly url: string
  readonly stop: () => Promise<void>
}

export interface MongoServerForTests {
  /** Without a database's name. */
  readonly url: string
  /** How the names of this run's databases begin: those that a test leaves behind are dropped when the run ends. */
  readonly databasePrefix: string
  /** Whether it explains plans as `mongod` does, and has sessions; the stand-in doesn't. */
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
