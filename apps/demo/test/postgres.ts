/** Databases of the tests' PostgreSQL server. The run drops them when it ends. */
import { randomUUID } from "node:crypto"
import { Client } from "pg"
import { inject } from "vitest"
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
export const aPostgresUrl = async (host?: string): Promise<string> => {
  const name = `${server?.databasePrefix}${randomUUID()}`
  const client = new Client({ connectionString: urlOf("postgres") })
  await client.connect()
  await client.query(`CREATE DATABASE "${name}"`)
  await client.end()
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
