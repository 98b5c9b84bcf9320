/** The authorization server's records on PostgreSQL. */
import type { PostgresDatabase } from "@tokenry/postgres"
import type { FoundRecord, OAuthRecords } from "./OAuthRecords.ts"
import { run } from "./postgresOperations.ts"

interface Row {
  readonly payload: string
  readonly consumed_at: Date | string | null
}

interface GrantRow {
  readonly payload: string
  readonly account_id: string
  readonly client_id: string
}

export const postgresOAuthRecords = (database: PostgresDatabase): OAuthRecords => {
  const findBy = (column: "key" | "uid_hash", value: string, now: Date) =>
    run(
      database.read("findOAuthRecord", async (query) => {
        const text = `SELECT payload, consumed_at FROM oauth_record WHERE ${column} = $1 AND expires_at > $2`
        const [row] = await query<Row>({ text }, [value, now.toISOString()])
        return row && foundIn(row)
      }),
    )
  const write = (operation: string, text: string, values: Array<string | null>) =>
    run(database.write(operation, async (query) => query({ text }, values)))

  return {
    find: (key, now) => findBy("key", key, now),
    findByUid: (uidHash, now) => findBy("uid_hash", uidHash, now),
    put: ({ key, kind, payload, grantId, accountId, clientId, uidHash, expiresAt }, now) =>
      run(
        database.write("putOAuthRecord", async (query) => {
          await query({ text: removeExpired }, [now.toISOString()])
          const [grant = null, account = null, client = null, uid = null] = [grantId, accountId, clientId, uidHash]
          const values = [key, kind, JSON.stringify(payload), grant, account, client, uid, expiresAt.toISOString()]
          await query({ text: put }, values)
        }),
      ),
    consume: async (key, now) => {
      const text = `UPDATE oauth_record SET consumed_at = $1
        WHERE key = $2 AND consumed_at IS NULL AND expires_at > $1 RETURNING key`
      return (await write("consumeOAuthRecord", text, [now.toISOString(), key])).length === 1
    },
    remove: async (key) => {
      await write("removeOAuthRecord", "DELETE FROM oauth_record WHERE key = $1", [key])
    },
    removeOfGrant: async (kind, grantId) => {
      const text = "DELETE FROM oauth_record WHERE grant_id = $1 AND kind = $2"
      await write("removeOAuthRecordsOfGrant", text, [grantId, kind])
    },
    keepUntil: async (key, expiresAt) => {
      const text = "UPDATE oauth_record SET expires_at = greatest(expires_at, $1) WHERE key = $2"
      await write("keepOAuthRecord", text, [expiresAt.toISOString(), key])
    },
    grants: ({ accountId, clientId }, now) =>
      run(
        database.read("listGrants", async (query) => {
          const text = `SELECT payload, account_id, client_id FROM oauth_record
            WHERE account_id = coalesce($1, account_id) AND client_id = coalesce($2, client_id) AND expires_at > $3
            ORDER BY client_id, key`
          const rows = await query<GrantRow>({ text }, [accountId ?? null, clientId ?? null, now.toISOString()])
          return rows.map(({ payload: json, account_id: accountId, client_id: clientId }) => {
            const payload = JSON.parse(json) as { readonly jti: string }
            return { id: payload.jti, accountId, clientId, payload }
          })
        }),
      ),
    grantedClients: (now) =>
      run(
        database.read("listGrantedClients", async (query) => {
          const text = `SELECT DISTINCT client_id FROM oauth_record
            WHERE account_id IS NOT NULL AND expires_at > $1 ORDER BY client_id`
          const rows = await query<{ readonly client_id: string }>({ text }, [now.toISOString()])
          return rows.map(({ client_id: clientId }) => clientId)
        }),
      ),
  }
}

const put = `INSERT INTO oauth_record
    (key, kind, payload, grant_id, account_id, client_id, uid_hash, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
    account_id = excluded.account_id, client_id = excluded.client_id, uid_hash = excluded.uid_hash,
    consumed_at = NULL, expires_at = excluded.expires_at`

/** Some at a time, and none that another request removes or changes in this moment. */
const removeExpired = `DELETE FROM oauth_record WHERE key IN (
  SELECT key FROM oauth_record WHERE expires_at <= $1 LIMIT 100 FOR UPDATE SKIP LOCKED)`

const foundIn = ({ payload, consumed_at: consumedAt }: Row): FoundRecord => ({
  payload: JSON.parse(payload) as object,
  consumedAt: consumedAt === null ? undefined : new Date(consumedAt),
})
