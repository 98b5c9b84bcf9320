/** Sessions on SQLite. */
import type { SqliteDatabase } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import type { SessionData, Sessions } from "./Store.ts"

/** Prepares its statements once, so the tables must exist. */
export const sqliteSessions = (database: SqliteDatabase): Sessions => {
  const { connection } = database
  const live = connection.prepare("SELECT data FROM session WHERE id_hash = ? AND expires_at > ?")
  const put = connection.prepare("INSERT OR REPLACE INTO session VALUES (?, ?, ?)")
  const update = connection.prepare("UPDATE session SET data = ? WHERE id_hash = ?")
  const remove = connection.prepare("DELETE FROM session WHERE id_hash = ?")
  const removeExpired = connection.prepare("DELETE FROM session WHERE expires_at <= ?")
  return {
    get: (idHash, now) =>
      Effect.runPromise(
        database.read("getSession", () => {
          const row = live.get(idHash, now.getTime())
          return row && (JSON.parse(String(row["data"])) as SessionData)
        }),
      ),
    set: (idHash, data, expiresAt) =>
      Effect.runPromise(
        database.write("setSession", () => {
          removeExpired.run(Date.now())
          put.run(idHash, JSON.stringify(data), expiresAt.getTime())
        }),
      ),
    update: (idHash, data) =>
      Effect.runPromise(
        database.write("updateSession", () => {
          update.run(JSON.stringify(data), idHash)
        }),
      ),
    remove: (idHash) =>
      Effect.runPromise(
        database.write("removeSession", () => {
          remove.run(idHash)
        }),
      ),
  }
}
