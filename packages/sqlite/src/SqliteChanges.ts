/** Notices what other connections changed in the file, by SQLite's own counter. */
import { OwnerId, TokenChanges } from "@tokenry/core/adapter"
import { Effect } from "effect"
import { Query } from "./Query.ts"
import type { SqliteDatabase } from "./SqliteDatabase.ts"

/**
 * How long one look at the counter is good for, in milliseconds: another process's commit is noticed after that at the
 * latest. A look takes 2 to 5 µs, most of it for the locks of a read, which is as much as the lookup that a cache saves.
 */
const lookEvery = 1

/**
 * `PRAGMA data_version` differs after a commit by another connection to the file, of this process or another, and says
 * no more than that: so every report is `everythingChanged`, also for a flush of uses and for the application's tables.
 * Commits through this connection don't count; they are known here. While the file can't be read the feed is interrupted.
 */
export const changesOn = (database: SqliteDatabase): TokenChanges["Service"] => {
  const dataVersion = new Query<readonly [number]>(database.connection, "PRAGMA data_version")
  // SQLite commits nothing if a row gets the values that it has.
  const touch = database.connection.prepare("UPDATE api_token_owner_change SET count = count + 1")
  /** Whatever prevents it also meets the lookups that then go to the store, which report it. */
  const look = (): number | undefined => {
    try {
      return dataVersion.get()?.[0]
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
