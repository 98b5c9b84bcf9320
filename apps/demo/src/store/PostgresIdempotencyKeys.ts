/** Idempotency keys on PostgreSQL. */
import type { PostgresDatabase } from "@tokenry/postgres"
import { run } from "./postgresOperations.ts"
import type { IdempotencyKeys } from "./Store.ts"

interface KeyRow {
  readonly fingerprint: string
  readonly token_id: string | null
}

export const postgresIdempotencyKeys = (database: PostgresDatabase): IdempotencyKeys => ({
  take: (keyHash, fingerprint, now, expiresAt) =>
    run(
      database.write("takeIdempotencyKey", async (query) => {
        await query({ text: removeExpired }, [now.toISOString()])
        const taken = await query({ text: take }, [keyHash, fingerprint, expiresAt.toISOString(), now.toISOString()])
        if (taken.length === 1) return undefined
        const text = "SELECT fingerprint, token_id FROM idempotency_key WHERE key_hash = $1"
        const [held] = await query<KeyRow>({ text }, [keyHash])
        // A key released at this moment still counts as held: a retry will find it free.
        return { fingerprint: held?.fingerprint ?? fingerprint, tokenId: held?.token_id ?? undefined }
      }),
    ),
  settle: (keyHash, tokenId) =>
    run(
      database.write("settleIdempotencyKey", async (query) => {
        await query({ text: "UPDATE idempotency_key SET token_id = $2 WHERE key_hash = $1" }, [keyHash, tokenId])
      }),
    ),
  release: (keyHash) =>
    run(
      database.write("releaseIdempotencyKey", async (query) => {
        await query({ text: "DELETE FROM idempotency_key WHERE key_hash = $1 AND token_id IS NULL" }, [keyHash])
      }),
    ),
})

/** Takes an expired key like a free one. */
const take = `INSERT INTO idempotency_key AS held VALUES ($1, $2, NULL, $3)
  ON CONFLICT (key_hash) DO UPDATE SET fingerprint = excluded.fingerprint, token_id = NULL, expires_at = excluded.expires_at
  WHERE held.expires_at <= $4
  RETURNING key_hash`

/** A few at a time, skipping any that another request is taking right now. */
const removeExpired = `DELETE FROM idempotency_key WHERE key_hash IN (
  SELECT key_hash FROM idempotency_key WHERE expires_at <= $1 LIMIT 100 FOR UPDATE SKIP LOCKED)`
