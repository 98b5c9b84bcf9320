/** The repository's statements on single tokens, each prepared once on a connection. */
import { planned, prepared } from "./Statement.ts"
import { foundRecord, tokenColumns, tokenRecord, verifiableRecord } from "./TokenRecord.ts"
import { schemaVersion } from "./schema.ts"
import type { Tables } from "./tables.ts"

const secretColumns = "digest, generation, key_id, hint, retiring_until, retired_at"

/** The secrets given as JSON in the 15th parameter. */
const given = `SELECT digest::bytea, generation, key_id, hint, retiring_until, retired_at
  FROM json_to_recordset($15) AS g (digest text, generation integer, key_id text, hint text,
    retiring_until timestamptz, retired_at timestamptz)`

const sameSecret = `(g.digest, g.generation, g.key_id, g.hint, g.retiring_until, g.retired_at)
  IS NOT DISTINCT FROM (s.digest, s.generation, s.key_id, s.hint, s.retiring_until, s.retired_at)`

export const statementsOn = (tables: Tables) => {
  const { token, secret } = tables
  const found = (condition: string) =>
    prepared(
      `SELECT ${foundRecord} AS record FROM ${secret} AS s JOIN ${token} AS t ON t.id = s.token_id WHERE ${condition}`,
    )

  return {
    /** By the primary keys of secret and token. */
    byDigest: found("s.digest = $1"),
    byDigests: found("s.digest = ANY ($1::bytea[])"),

    byId: prepared(`SELECT ${tokenRecord(tables)} AS record FROM ${token} AS t WHERE t.id = $1`),
    manyById: prepared(`SELECT ${verifiableRecord} AS record FROM ${token} AS t WHERE t.id = ANY ($1::uuid[])`),

    insert: prepared(`WITH token AS (
        INSERT INTO ${token} (${tokenColumns.join(", ")}, schema_version, readable_from)
        VALUES (${tokenColumns.map((_, index) => `$${index + 1}`).join(", ")}, ${schemaVersion}, ${schemaVersion})
        RETURNING id
      ), given AS (${given})
      INSERT INTO ${secret} (token_id, ${secretColumns})
      SELECT token.id, ${secretColumns} FROM token, given ORDER BY digest
      RETURNING ${tables.notify("token_id")}`),

    /**
     * One statement, so it is atomic in one round trip. Unchanged secrets, as in most changes, are not written. Removed
     * secrets must be gone before new ones come, or an index would find two active ones: the count sees to that. New ones
     * are inserted in the order of their digests, so two tokens that exchange digests can't deadlock. `stored` keeps
     * PostgreSQL from comparing with every token's secrets, since it expects 100 rows from JSON.
     */
    replace: prepared(`WITH token AS (
        UPDATE ${token} SET
          ${tokenColumns.map((column, index) => `${column} = $${index + 1}`).join(", ")},
          schema_version = ${schemaVersion}, readable_from = ${schemaVersion}
        WHERE id = $1 AND revision = $16 AND schema_version <= ${schemaVersion}
        RETURNING id
      ), given AS (${given}
      ), stored AS MATERIALIZED (
        SELECT s.* FROM token JOIN ${secret} AS s ON s.token_id = token.id
      ), removed AS (
        DELETE FROM ${secret} AS s USING token
        WHERE s.token_id = token.id AND NOT EXISTS (SELECT FROM given AS g WHERE ${sameSecret})
        RETURNING s.digest
      ), added AS (
        INSERT INTO ${secret} (token_id, ${secretColumns})
        SELECT token.id, ${secretColumns} FROM token, given AS g
        WHERE (SELECT count(*) FROM removed) >= 0
          AND NOT EXISTS (SELECT FROM stored AS s WHERE ${sameSecret})
        ORDER BY digest
      )
      SELECT (SELECT count(*) FROM token) AS replaced, (SELECT ${tables.notify("id")} FROM token) AS notified,
        (SELECT schema_version > ${schemaVersion} FROM ${token} WHERE id = $1) AS is_newer`),

    markDelivered: prepared(`UPDATE ${token} SET undelivered = 0
      WHERE id = $1 AND revision = $2 AND schema_version <= ${schemaVersion}`),

    /** From one key id to the next by the index of keys, instead of over all secrets. */
    keyIds: planned(`WITH RECURSIVE key (id) AS (
        (SELECT key_id FROM ${secret} WHERE key_id IS NOT NULL ORDER BY key_id LIMIT 1)
        UNION ALL
        SELECT (SELECT key_id FROM ${secret} WHERE key_id > id ORDER BY key_id LIMIT 1) FROM key WHERE id IS NOT NULL)
      SELECT id FROM key WHERE id IS NOT NULL
      UNION ALL (SELECT key_id FROM ${secret} WHERE key_id IS NULL ORDER BY token_id LIMIT 1)`),
  } as const
}
