/** Opens the store that the configuration names. */
import { MongoOpenError } from "@tokenry/mongodb"
import { PostgresOpenError } from "@tokenry/postgres"
import type { StoreLocation } from "../Configuration.ts"
import { openMongoStore } from "./MongoStore.ts"
import { openPostgresStore } from "./PostgresStore.ts"
import { openSqliteStore } from "./SqliteStore.ts"
import type { Store } from "./Store.ts"

export const openStore = (location: StoreLocation): Promise<Store> => {
  switch (location.kind) {
    case "mongodb":
      return openMongoStore(location.url)
    case "postgres":
      return openPostgresStore(location.url)
    case "sqlite":
    case "memory":
      return openSqliteStore(location)
  }
}

/** Whether retrying makes sense: a server may come up later, but an unusable file or setting stays unusable. */
export const isWorthWaiting = ({ kind }: StoreLocation, error: unknown): boolean => {
  if (kind !== "mongodb" && kind !== "postgres") return false
  if (error instanceof MongoOpenError || error instanceof PostgresOpenError) {
    return ["Unreachable", "BuildingIndexes"].includes(error.reason._tag)
  }
  return typeof error === "object" && error !== null && "_tag" in error && error._tag === "RepositoryUnavailable"
}

/** Where the store is, for people, without user name, password and options. */
export const describeLocation = (location: StoreLocation): string => {
  switch (location.kind) {
    case "memory":
      return "memory"
    case "sqlite":
      return location.filename
    case "mongodb":
    case "postgres":
      return location.url.replace(/\/\/.*@/, "//").replace(/\?.*/, "")
  }
}
