/** Opens the store that the configuration names. */
import type { StoreLocation } from "../Configuration.ts"
import { isOutage, openMongoStore } from "./MongoStore.ts"
import { isPostgresOutage, openPostgresStore } from "./PostgresStore.ts"
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

/** Whether retrying makes sense: a server may come up later, but an unusable file stays unusable. */
export const isWorthWaiting = (location: StoreLocation, error: unknown): boolean =>
  (location.kind === "mongodb" && isOutage(error)) || (location.kind === "postgres" && isPostgresOutage(error))

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
