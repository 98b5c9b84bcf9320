/** The authorization server's records on SQLite. */
import type { SqliteDatabase } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import type { FoundRecord, OAuthRecords, StoredGrant } from "./OAuthRecords.ts"

type Row = Readonly<Record<string, unknown>>

/** The tables must be there already: statements are prepared once. */
export const sqliteOAuthRecords = (database: SqliteDatabase): OAuthRecords => {
  const { connection } = database
  const find = connection.prepare("SELECT payload, consumed_at FROM oauth_record WHERE key = ? AND expires_at > ?")
  const findByUid = connection.prepare(
    "SELECT payload, consumed_at FROM oauth_record WHERE uid_hash = ? AND expires_at > ?",
  )
  const put = connection.prepare(`INSERT OR REPLACE INTO oauth_record
    (key, kind, payload, grant_id, account_id, client_id, uid_hash, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const removeExpired = connection.prepare(
    "DELETE FROM oauth_record WHERE key IN (SELECT key FROM oauth_record WHERE expires_at <= ? LIMIT 100)",
  )
  const consume = connection.prepare(
    "UPDATE oauth_record SET consumed_at = ? WHERE key = ? AND consumed_at IS NULL AND expires_at > ?",
  )
  const remove = connection.prepare("DELETE FROM oauth_record WHERE key = ?")
  const removeOfGrant = connection.prepare("DELETE FROM oauth_record WHERE grant_id = ? AND kind = ?")
  const keepUntil = connection.prepare("UPDATE oauth_record SET expires_at = max(expires_at, ?) WHERE key = ?")
  const grants = connection.prepare(`SELECT payload, account_id, client_id FROM oauth_record
    WHERE account_id = coalesce(?, account_id) AND client_id = coalesce(?, client_id) AND expires_at > ?
    ORDER BY client_id, key`)
  const grantedClients = connection.prepare(`SELECT DISTINCT client_id FROM oauth_record
    WHERE account_id IS NOT NULL AND expires_at > ? ORDER BY client_id`)

  const read = <A>(operation: string, use: () => A) => Effect.runPromise(database.read(operation, use))
  const write = <A>(operation: string, use: () => A) => Effect.runPromise(database.write(operation, use))

  return {
    find: (key, now) => read("findOAuthRecord", () => foundIn(find.get(key, now.getTime()))),
    findByUid: (uidHash, now) => read("findOAuthRecord", () => foundIn(findByUid.get(uidHash, now.getTime()))),
    put: ({ key, kind, payload, grantId, accountId, clientId, uidHash, expiresAt }, now) =>
      write("putOAuthRecord", () => {
        removeExpired.run(now.getTime())
        const [grant = null, account = null, client = null, uid = null] = [grantId, accountId, clientId, uidHash]
        put.run(key, kind, JSON.stringify(payload), grant, account, client, uid, expiresAt.getTime())
      }),
    consume: (key, now) =>
      write("consumeOAuthRecord", () => Number(consume.run(now.getTime(), key, now.getTime()).changes) === 1),
    remove: (key) =>
      write("removeOAuthRecord", () => {
        remove.run(key)
      }),
    removeOfGrant: (kind, grantId) =>
      write("removeOAuthRecordsOfGrant", () => {
        removeOfGrant.run(grantId, kind)
      }),
    keepUntil: (key, expiresAt) =>
      write("keepOAuthRecord", () => {
        keepUntil.run(expiresAt.getTime(), key)
      }),
    grants: ({ accountId, clientId }, now) =>
      read("listGrants", () => grants.all(accountId ?? null, clientId ?? null, now.getTime()).map(grantIn)),
    grantedClients: (now) =>
      read("listGrantedClients", () => grantedClients.all(now.getTime()).map((row) => String(row["client_id"]))),
  }
}

const foundIn = (row: Row | undefined): FoundRecord | undefined =>
  row && {
    payload: JSON.parse(String(row["payload"])) as object,
    consumedAt: row["consumed_at"] === null ? undefined : new Date(Number(row["consumed_at"])),
  }

const grantIn = (row: Row): StoredGrant => {
  const payload = JSON.parse(String(row["payload"])) as { readonly jti: string }
  return { id: payload.jti, accountId: String(row["account_id"]), clientId: String(row["client_id"]), payload }
}
