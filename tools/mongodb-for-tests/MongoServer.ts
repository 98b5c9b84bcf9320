/** Finds a MongoDB server for the tests, in the first of three ways that works. */
import { MongoClient } from "mongodb"
import { randomUUID } from "node:crypto"
import { startJavaServer } from "./javaServer.ts"
import type { MongoServerForTests, RunningServer } from "./MongoServerForTests.ts"
import { startRealMongod } from "./realMongod.ts"

export interface FoundServer extends MongoServerForTests {
  /** Stops the server if it was started here. */
  readonly stop: () => Promise<void>
}

/** No way to get a server worked. The message says why each one failed. */
export class NoMongoServer extends Error {
  constructor(failures: ReadonlyArray<string>) {
    super(`No MongoDB server for the tests.\n${failures.map((failure) => `  - ${failure}`).join("\n")}\n${threeWays}`)
  }
}

export const threeWays =
  "Three ways to get one: set MONGODB_URL to a server's URL; let mongodb-memory-server download a mongod (it needs the " +
  "open internet, once); or install Java 17 or newer and Maven."

/**
 * Tries `MONGODB_URL`, and nothing else if it is set; then a real `mongod`; then a stand-in that speaks its protocol.
 *
 * @throws NoMongoServer if none of these works.
 */
export const findMongoServer = async (): Promise<FoundServer> => {
  const given = process.env["MONGODB_URL"]
  if (given !== undefined && given !== "") {
    const found = described({ url: given, stop: async () => {} }, "named by MONGODB_URL").catch((cause: unknown) => {
      // Omits the URL, which may contain a password.
      const reason = String(cause).replaceAll(given, "the URL")
      throw new NoMongoServer([`MONGODB_URL is set, but that server doesn't answer: ${reason}`])
    })
    return { ...(await found), stop: () => dropDatabases(given) }
  }
  const failures: Array<string> = []
  for (const [start, origin] of ways) {
    try {
      return await described(await start(), origin)
    } catch (cause) {
      failures.push(`${origin}: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
  }
  throw new NoMongoServer(failures)
}

const ways: ReadonlyArray<readonly [start: () => Promise<RunningServer>, origin: string]> = [
  [startRealMongod, "run by mongodb-memory-server"],
  [startJavaServer, "mongo-java-server, in memory"],
]

const described = async ({ url, stop }: RunningServer, origin: string): Promise<FoundServer> => {
  try {
    const { version, isRealMongod } = await ask(url)
    return { url, databasePrefix, isRealMongod, description: `MongoDB ${version}, ${origin}`, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const ask = async (url: string): Promise<{ readonly version: string; readonly isRealMongod: boolean }> => {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000, connectTimeoutMS: 5000 })
  try {
    const { version } = await client.db("admin").command({ buildInfo: 1 })
    const isRealMongod = await client
      .db("admin")
      .command({ explain: { find: "none", filter: {} }, verbosity: "queryPlanner" })
      .then(isPlanOfMongod, () => false)
    return { version: String(version), isRealMongod }
  } finally {
    await client.close()
  }
}

const databasePrefix = `tokenry-test-${randomUUID().slice(0, 8)}-`

const dropDatabases = async (url: string): Promise<void> => {
  const client = new MongoClient(url)
  try {
    const { databases } = await client.db("admin").admin().listDatabases({ nameOnly: true })
    for (const { name } of databases) if (name.startsWith(databasePrefix)) await client.db(name).dropDatabase()
  } finally {
    await client.close()
  }
}

/** Other engines that speak the protocol also answer `explain`, with their own kind of plan. */
const isPlanOfMongod = (answer: object): boolean => JSON.stringify(answer).includes('"winningPlan"')
