/** Databases of the tests' MongoDB server. The run drops them when it ends. */
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import type { Address } from "../../../tools/faulty-network/Proxy.ts"

const server = inject("mongodb")

/** Why tests are skipped is said in the run's summary. */
export const withoutMongodb = server === undefined

/** Where the tests' server listens. */
export const mongoAddress = (): Address => {
  const { hostname, port } = new URL(serverUrl())
  return { host: hostname, port: Number(port || "27017") }
}

/** A new database, on the tests' server or on what stands at another `host:port` before it. */
export const aMongoUrl = (host?: string): string => {
  const url = new URL(serverUrl())
  if (url.username !== "" && !url.searchParams.has("authSource")) url.searchParams.set("authSource", "admin")
  if (host !== undefined) {
    url.host = host
    url.searchParams.delete("replicaSet")
    url.searchParams.set("directConnection", "true")
  }
  url.pathname = `/${server?.databasePrefix}${randomUUID().slice(0, 18)}`
  return url.href
}

const serverUrl = (): string => {
  if (server === undefined) throw new Error("There is no MongoDB server")
  return server.url
}
