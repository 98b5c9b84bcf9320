/** The demo inside the test's process, for tests that need no process of their own: once on each store. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Demo, startDemo } from "../src/Demo.ts"
import type { Configuration, StoreLocation } from "../src/Configuration.ts"
import { aMongoUrl, withoutMongodb } from "./mongodb.ts"
import { aPostgresUrl, withoutPostgres } from "./postgres.ts"

const folders: Array<string> = []
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder that goes with the process. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "tokenry-demo-"))
  folders.push(folder)
  return folder
}

/** A new file. */
export const aSqliteFile = (): StoreLocation => ({
  kind: "sqlite",
  filename: join(temporaryFolder(), "treasures.sqlite"),
})

/** Without a MongoDB or a PostgreSQL server the run's summary says that its tests are skipped. */
export const stores: ReadonlyArray<readonly [name: string, location: () => StoreLocation]> = [
  ["memory", () => ({ kind: "memory" })],
  ["sqlite", aSqliteFile],
  ...(withoutMongodb ? [] : [["mongodb", (): StoreLocation => ({ kind: "mongodb", url: aMongoUrl() })] as const]),
]

/** The same and PostgreSQL, for tests of what the demo keeps in its store; others would find the same again. */
export const allStores: typeof stores = [
  ...stores,
  ...(withoutPostgres ? [] : [["postgres", (): StoreLocation => ({ kind: "postgres", url: aPostgresUrl() })] as const]),
]

/** Stores that several processes can share, as `STORE_URL` names them. */
export const sharedStores: ReadonlyArray<readonly [name: string, url: () => string]> = [
  ["sqlite", () => `sqlite:${join(temporaryFolder(), "treasures.sqlite")}`],
  ...(withoutMongodb ? [] : [["mongodb", () => aMongoUrl()] as const]),
  ...(withoutPostgres ? [] : [["postgres", () => aPostgresUrl()] as const]),
]

/** Without rate limits and lines of requests in the log, unless a test is about them. */
export const demoOn = (store: StoreLocation, configuration: Partial<Configuration> = {}): Promise<Demo> =>
  startDemo({ ...local, store, ...configuration })

/** What differs from test to test is the store. */
export const local = {
  host: "127.0.0.1",
  port: 0,
  publicUrl: undefined,
  loadsFixtures: true,
  rateLimit: "off",
  trustedProxies: 0,
  log: "off",
  keepAliveSeconds: 65,
  drainSeconds: 0,
  sweeps: undefined,
} as const
