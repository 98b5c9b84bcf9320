/** Gives `inject("mongodb")` its type. */
import type { MongoServerForTests } from "./MongoServer.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined`: there is none, and tests that need it are skipped. */
    readonly mongodb: MongoServerForTests | undefined
  }
}
