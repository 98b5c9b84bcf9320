/** Detects changes by other connections to the file, using SQLite's own counter. */
import { OwnerId, TokenChanges } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import { Query } from "./Query.ts"
import type { SqliteDatabase } from "./SqliteDatabase.ts"

/**
 * How many milliseconds a look at the counter stays valid, and so the longest delay in noticing another process's
 * commit. A look takes 2 to 5 µs, mostly for read locks: as much as the lookup a cache saves.
 */
const lookEvery = 1

/**
 * `PRAGMA data_version` changes after a commit by another connection, in this process or another, and says nothing
 * else. So every report is `everythingChanged`, even for recorded uses and the application's own tables. This
 * connection's own commits don't count; they are known here. While the file can't be read, the feed is interrupted.
 */
export const changesOn = (database: SqliteDatabase): TokenChanges["Service"] => {
  const dataVersion = new Query<{ readonly data_version: number }>(database.connection, "PRAGMA data_version")
  // A changing value, because SQLite commits nothing if a row keeps its values.
  const touch = database.connection.prepare("UPDATE api_token_owner_change SET count = count + 1")
  /** Lookups then go to the store, meet the same error and report it. */
  const look = (): number | undefined => {
    try {
      return dataVersion.get()?.data_version
    } catch {
      return undefined
    }
  }

  return TokenChanges.of({
    follow: (listener) =>
      Effect.gen(function* () {
        let isOpen = true
        let seen: number | undefined
        let lookedAt = 0
        yield* Effect.addFinalizer(() => Effect.sync(() => void (isOpen = false)))
        return (now) => {
          if (!isOpen) return false
          if (seen !== undefined && now - lookedAt < lookEvery) return true
          const version = look()
          if (version !== undefined && version !== seen) listener.everythingChanged()
          seen = version
          lookedAt = now
          return version !== undefined
        }
      }),

    announceOwner: (ownedBy) =>
      Effect.suspend(() => {
        OwnerId.assert(ownedBy)
        return database.write("announceOwner", () => void touch.run())
      }),
  })
}
