/** Idempotency keys on SQLite. */
import type { SqliteDatabase } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import type { IdempotencyKeys } from "./Store.ts"

/** Prepares its statements once, so the tables must exist. */
export const sqliteIdempotencyKeys = (database: SqliteDatabase): IdempotencyKeys => {
  const { connection } = database
  const held = connection.prepare("SELECT fingerprint, token_id FROM idempotency_key WHERE key_hash = ?")
  const insert = connection.prepare("INSERT INTO idempotency_key VALUES (?, ?, NULL, ?)")
  const settle = connection.prepare("UPDATE idempotency_key SET token_id = ? WHERE key_hash = ?")
  const release = connection.prepare("DELETE FROM idempotency_key WHERE key_hash = ? AND token_id IS NULL")
  const removeExpired = connection.prepare("DELETE FROM idempotency_key WHERE expires_at <= ?")
  return {
    take: (keyHash, fingerprint, now, expiresAt) =>
      Effect.runPromise(
        database.write("takeIdempotencyKey", () => {
          removeExpired.run(now.getTime())
          const row = held.get(keyHash)
          if (row === undefined) {
            insert.run(keyHash, fingerprint, expiresAt.getTime())
            return undefined
          }
          const tokenId = row["token_id"]
          return { fingerprint: String(row["fingerprint"]), tokenId: typeof tokenId === "string" ? tokenId : undefined }
        }),
      ),
    settle: (keyHash, tokenId) =>
      Effect.runPromise(
        database.write("settleIdempotencyKey", () => {
          settle.run(tokenId, keyHash)
        }),
      ),
    release: (keyHash) =>
      Effect.runPromise(
        database.write("releaseIdempotencyKey", () => {
          release.run(keyHash)
        }),
      ),
  }
}
