/** Databases of the tests' PostgreSQL server, each with a name of its own, which go when the test file ends. */
import { randomUUID } from "node:crypto"
import { Client } from "pg"
import { afterAll, beforeAll, inject } from "vitest"
import type { Address } from "../../../tools/faulty-network/Proxy.ts"

const server = inject("postgres")

/** Why tests are skipped is said in the run's summary. */
export const withoutPostgres = server === undefined

/** Where the tests' server listens. */
export const postgresAddress = (): Address => {
  const { hostname, port } = new URL(serverUrl())
  return { host: hostname, port: Number(port || "5432") }
}

/** A new database, on the tests' server or on what stands at another `host:port` before it. */
export const aPostgresUrl = (host?: string): string => {
  const name = names.pop()
  if (name === undefined) throw new Error("A test file uses more databases than were made for it")
  used.push(name)
  return urlOf(name, host)
}

const urlOf = (name: string, host?: string): string => {
  const url = new URL(serverUrl())
  if (host !== undefined) url.host = host
  url.pathname = `/${name}`
  return url.href
}

const serverUrl = (): string => {
  if (server === undefined) throw new Error("There is no PostgreSQL server")
  return server.url
}

/** Made before the tests, so that a test has its URL at once. */
const names = Array.from({ length: server === undefined ? 0 : 8 }, () => `tokenry-demo-test-${randomUUID()}`)
const used: Array<string> = []

const administer = async (statements: ReadonlyArray<string>): Promise<void> => {
  if (statements.length === 0) return
  const client = new Client({ connectionString: urlOf("postgres") })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

beforeAll(() => administer(names.map((name) => `CREATE DATABASE "${name}"`)), 60_000)
afterAll(() => administer([...names, ...used].map((name) => `DROP DATABASE "${name}" WITH (FORCE)`)), 60_000)
