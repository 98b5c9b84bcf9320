/** The demo inside the test's process, for tests that need no process of their own: once on each store. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Demo, startDemo } from "../src/Demo.ts"
import type { Configuration, StoreLocation } from "../src/Configuration.ts"
import { Client } from "./Client.ts"
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

export const aMongoLocation = (): StoreLocation => ({ kind: "mongodb", url: aMongoUrl() })

export const aPostgresLocation = async (): Promise<StoreLocation> => ({ kind: "postgres", url: await aPostgresUrl() })

/** Where a new, empty store is. */
export type ALocation = () => StoreLocation | Promise<StoreLocation>

/** Without a MongoDB or a PostgreSQL server the run's summary says that its tests are skipped. */
export const stores: ReadonlyArray<readonly [name: string, location: ALocation]> = [
  ["memory", () => ({ kind: "memory" })],
  ["sqlite", aSqliteFile],
  ...(withoutMongodb ? [] : [["mongodb", aMongoLocation] as const]),
]

/** The same and PostgreSQL, for tests of what the demo keeps in its store; others would find the same again. */
export const allStores: typeof stores = [
  ...stores,
  ...(withoutPostgres ? [] : [["postgres", aPostgresLocation] as const]),
]

/** Stores that several processes can share, as `STORE_URL` names them. */
export const sharedStores: ReadonlyArray<readonly [name: string, url: () => Promise<string>]> = [
  ["sqlite", async () => `sqlite:${join(temporaryFolder(), "treasures.sqlite")}`],
  ...(withoutMongodb ? [] : [["mongodb", async () => aMongoUrl()] as const]),
  ...(withoutPostgres ? [] : [["postgres", () => aPostgresUrl()] as const]),
]

/** Without rate limits and lines of requests in the log, unless a test is about them. */
export const demoOn = (store: StoreLocation, configuration: Partial<Configuration> = {}): Promise<Demo> =>
  startDemo({ ...local, store, ...configuration })

/** A demo with its owner signed in, here and at another demo on the same store. */
export interface TwoDemos {
  readonly demo: Demo
  readonly owner: Client
  /** The owner at the other demo; at the same one if nothing else can share its store. */
  readonly elsewhere: Client
  readonly stop: () => Promise<void>
}

export const twoDemosOn = async (store: StoreLocation): Promise<TwoDemos> => {
  const demo = await demoOn(store)
  const other = store.kind === "memory" ? demo : await demoOn(store)
  const owner = await Client.signedIn(demo.publicUrl, "owner")
  const elsewhere = new Client(other.publicUrl, { Cookie: owner.cookie, Origin: other.publicUrl })
  const stop = async () => {
    await demo.stop()
    if (other !== demo) await other.stop()
  }
  return { demo, owner, elsewhere, stop }
}

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
  audiences: ["https://reports.example.com"],
  signingKeysFile: undefined,
} as const
