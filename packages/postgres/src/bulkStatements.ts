/** The statements of bulk revocations and purges, each for an index of `schema.ts`. */
import { planned } from "./Statement.ts"
import { schemaVersion } from "./schema.ts"
import type { Tables } from "./tables.ts"
import { epochOf, tokenRecord } from "./TokenRecord.ts"

/**
 * Pages take the position's instant (or owner) and id and how many, then their own values. They go by what never changes about
 * a token, so that none that is changed meanwhile moves from before the position to behind it and escapes.
 */
export const bulkStatementsOn = (tables: Tables) => {
  const { token } = tables
  return {
    /** An owner's tokens, the newest first, revoked ones too: so a page never costs more than its rows. */
    ofOwner: planned(`SELECT t.id, ${epochOf("t.created_at")} AS position FROM ${token} AS t
      WHERE t.owned_by = $4 AND (t.created_at, t.id) < ($1::timestamptz, $2::uuid)
      ORDER BY t.created_at DESC, t.id DESC LIMIT $3`),
    /** What a third party has of everybody, owner by owner. */
    issuedTo: planned(`SELECT t.id, t.owned_by AS position FROM ${token} AS t
      WHERE t.issued_to = $4 AND t.revoked_at IS NULL AND (t.owned_by, t.id) > ($1, $2::uuid)
      ORDER BY t.owned_by, t.id LIMIT $3`),
    /** What it has of one owner. */
    issuedToOne: planned(`SELECT t.id, t.owned_by AS position FROM ${token} AS t
      WHERE t.issued_to = $4 AND t.owned_by = $5 AND t.revoked_at IS NULL AND (t.owned_by, t.id) > ($1, $2::uuid)
      ORDER BY t.owned_by, t.id LIMIT $3`),

    /** Those of a page that are not revoked, in the order of their ids, so that two bulk revocations don't deadlock. */
    unrevoked: locking(`SELECT t.id, ${tokenRecord(tables)} AS record FROM ${token} AS t
      WHERE t.id = ANY ($1::uuid[]) AND t.revoked_at IS NULL ORDER BY t.id`),

    revoke: planned(`UPDATE ${token} AS t
      SET revoked_at = $2, revocation_reason = $3, revision = c.revision, undelivered = c.undelivered, history = c.history,
        schema_version = ${schemaVersion}
      FROM json_to_recordset($1) AS c (id uuid, revision bigint, undelivered integer, history jsonb)
      WHERE t.id = c.id
      RETURNING ${tables.notify("t.id")}`),

    /** What newer code wrote is left for newer code to judge. */
    dead: locking(`SELECT t.id, ${epochOf("least(t.revoked_at, t.expires_at)")} AS position FROM ${token} AS t
      WHERE (t.revoked_at IS NOT NULL OR t.expires_at IS NOT NULL) AND least(t.revoked_at, t.expires_at) < $4
        AND (least(t.revoked_at, t.expires_at), t.id) > ($1::timestamptz, $2::uuid)
        AND t.schema_version <= ${schemaVersion}
      ORDER BY least(t.revoked_at, t.expires_at), t.id LIMIT $3`),
    /** Looked up for one ancestor after the other; a token that has two of them comes twice. */
    mintedBy: planned(`SELECT t.id FROM unnest($1::uuid[]) AS dead (id)
      CROSS JOIN LATERAL (
        SELECT id FROM ${token} WHERE ancestors @> ARRAY[dead.id] AND ancestors <> '{}' OFFSET 0
      ) AS t LIMIT $2`),
    /** Secrets and recorded uses go with their token. */
    remove: planned(`WITH removed AS (DELETE FROM ${token} WHERE id = ANY ($1::uuid[]) RETURNING ${tables.notify("id")})
      SELECT count(*) AS count FROM removed`),
  } as const
}

/** Without, or then with those that another transaction holds. */
const locking = (select: string) => ({
  unlocked: planned(`${select} FOR UPDATE OF t SKIP LOCKED`),
  all: planned(`${select} FOR UPDATE OF t`),
})
