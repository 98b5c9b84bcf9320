/** The statements of an owner's lists, each for an index of `schema.ts`. */
import type { ListState } from "@tokenry/core/adapter"
import { planned, type Statement } from "./Statement.ts"
import type { Tables } from "./tables.ts"
import { epochOf, tokenRecord } from "./TokenRecord.ts"

/**
 * Parameters: the owner, the position's instant and id, how many, and `now`; for a lineage also the ancestor. They are planned
 * for their values, since the best plan depends on them.
 */
export interface ListStatements {
  readonly owned: Readonly<Record<ListState, Statement>>
  readonly lineage: Readonly<Record<ListState, Statement>>
  /** Parameters: the owner and `now`. */
  readonly countLive: Statement
}

const newestFirst = "ORDER BY created_at DESC, id DESC"

export const listStatementsOn = (tables: Tables): ListStatements => {
  const { token } = tables
  const columns = `t.id, ${epochOf("t.created_at")} AS position, ${tokenRecord(tables)} AS record`
  const tokensOf = (page: string) =>
    planned(`WITH page AS (${page}) SELECT ${columns} FROM page
      CROSS JOIN LATERAL (SELECT * FROM ${token} WHERE id = page.id OFFSET 0) AS t ORDER BY t.created_at DESC, t.id DESC`)
  const after = "owned_by = $1 AND (created_at, id) < ($2::timestamptz, $3::uuid) AND $5::timestamptz IS NOT NULL"

  /** In the order of an index that has these alone. */
  const ordered = (condition: string) =>
    `(SELECT id, created_at FROM ${token} WHERE ${after} AND ${condition} ${newestFirst} LIMIT $4)`
  /** Found by their expiry, then sorted: `OFFSET 0` keeps PostgreSQL from going through the owner's other tokens in order. */
  const sorted = (condition: string) =>
    `(SELECT id, created_at FROM (
      SELECT id, created_at FROM ${token} WHERE ${after} AND revoked_at IS NULL AND ${condition} OFFSET 0
    ) AS found ${newestFirst} LIMIT $4)`
  const either = (...branches: ReadonlyArray<string>) =>
    tokensOf(`${branches.join(" UNION ALL ")} ${newestFirst} LIMIT $4`)

  const ofLineage = (condition: string) =>
    tokensOf(`SELECT id, created_at FROM ${token} WHERE ${after} AND ${condition} AND id IN (
        SELECT id FROM ${token} WHERE ancestors @> ARRAY[$6::uuid] AND ancestors <> '{}' UNION ALL SELECT $6::uuid)
      ${newestFirst} LIMIT $4`)

  return {
    owned: {
      any: tokensOf(ordered("true")),
      live: either(ordered("revoked_at IS NULL AND expires_at IS NULL"), sorted("expires_at > $5")),
      dead: either(ordered("revoked_at IS NOT NULL"), sorted("expires_at <= $5")),
    },
    lineage: {
      any: ofLineage("true"),
      live: ofLineage("revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $5)"),
      dead: ofLineage("(revoked_at IS NOT NULL OR expires_at <= $5)"),
    },
    countLive: planned(`SELECT
      (SELECT count(*) FROM ${token} WHERE owned_by = $1 AND revoked_at IS NULL AND expires_at IS NULL) +
      (SELECT count(*) FROM ${token} WHERE owned_by = $1 AND revoked_at IS NULL AND expires_at > $2) AS count`),
  }
}
