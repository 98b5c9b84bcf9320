/** Sessions on PostgreSQL. */
import type { PostgresDatabase } from "@tokenry/postgres"
import { run } from "./postgresOperations.ts"
import type { SessionData, Sessions } from "./Store.ts"

export const postgresSessions = (database: PostgresDatabase): Sessions => ({
  get: (idHash, now) =>
    run(
      database.read("getSession", async (query) => {
        const text = "SELECT data FROM session WHERE id_hash = $1 AND expires_at > $2"
        const [row] = await query<{ readonly data: string }>({ text }, [idHash, now.toISOString()])
        return row && (JSON.parse(row.data) as SessionData)
      }),
    ),
  set: (idHash, data, expiresAt) =>
    run(
      database.write("setSession", async (query) => {
        await query({ text: removeExpired }, [new Date().toISOString()])
        const text = `INSERT INTO session VALUES ($1, $2, $3)
          ON CONFLICT (id_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`
        await query({ text }, [idHash, JSON.stringify(data), expiresAt.toISOString()])
      }),
    ),
  update: (idHash, data) =>
    run(
      database.write("updateSession", async (query) => {
        await query({ text: "UPDATE session SET data = $1 WHERE id_hash = $2" }, [JSON.stringify(data), idHash])
      }),
    ),
  remove: (idHash) =>
    run(
      database.write("removeSession", async (query) => {
        await query({ text: "DELETE FROM session WHERE id_hash = $1" }, [idHash])
      }),
    ),
})

/** A few at a time, skipping any that another request is changing right now. */
const removeExpired = `DELETE FROM session WHERE id_hash IN (
  SELECT id_hash FROM session WHERE expires_at <= $1 LIMIT 100 FOR UPDATE SKIP LOCKED)`
