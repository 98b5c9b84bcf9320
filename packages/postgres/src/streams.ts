/** Streams of all owners' tokens, page by page. */
import type { ApiToken, RepositoryUnavailable } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { keyIdOf, timestampOf } from "./arguments.ts"
import { beforeAll, logDamaged, oursOf, type PageRow, type Position, positionOf } from "./pages.ts"
import type { PostgresDatabase } from "./PostgresDatabase.ts"
import { schemaVersion } from "./schema.ts"
import { planned, type Statement } from "./Statement.ts"
import type { Tables } from "./tables.ts"
import { epochOf, tokenRecord } from "./TokenRecord.ts"

/** How many tokens are looked at, read and held in memory at a time. */
const pageSize = 200

/** Each page goes on right after the last row of the one before. */
const streamStatementsOn = (tables: Tables) => {
  const { token, secret } = tables
  const record = `${tokenRecord(tables)} AS record`
  /**
   * `OFFSET 0` makes PostgreSQL look each token up, also where it takes the table for small. What newer code wrote is left to
   * newer code, since this one must not write it.
   */
  const withKey = (condition: string) =>
    planned(`SELECT t.id, CASE WHEN t.schema_version <= ${schemaVersion} THEN ${tokenRecord(tables)} END AS record FROM (
        SELECT DISTINCT key_id, token_id FROM ${secret} WHERE ${condition} AND token_id > $1
        ORDER BY key_id, token_id LIMIT $2) AS page
      CROSS JOIN LATERAL (SELECT * FROM ${token} WHERE id = page.token_id OFFSET 0) AS t
      ORDER BY t.id`)

  return {
    /** A page may hold few live tokens, or none: what has expired is passed over, so much of it at a time. */
    liveCreatedBefore: planned(`SELECT t.id, ${epochOf("t.created_at")} AS position,
        CASE WHEN t.expires_at IS NULL OR t.expires_at > $5 THEN ${tokenRecord(tables)} END AS record
      FROM ${token} AS t
      WHERE t.revoked_at IS NULL AND (t.created_at, t.id) > ($1::timestamptz, $2::uuid) AND t.created_at < $4
      ORDER BY t.created_at, t.id LIMIT $3`),
    expiringBetween: planned(`SELECT t.id, ${epochOf("t.expires_at")} AS position, ${record} FROM ${token} AS t
      WHERE t.revoked_at IS NULL AND (t.expires_at, t.id) > ($1::timestamptz, $2::uuid) AND t.expires_at >= $4 AND t.expires_at < $5
      ORDER BY t.expires_at, t.id LIMIT $3`),
    withKey: withKey("key_id = $3"),
    withoutKey: withKey("key_id IS NULL"),
    undelivered: planned(`SELECT t.id, ${record} FROM ${token} AS t
      WHERE t.undelivered > 0 AND t.schema_version <= ${schemaVersion} AND t.id > $1 ORDER BY t.id LIMIT $2`),
  } as const
}

export const streamsFrom = (
  database: PostgresDatabase,
  tables: Tables,
): Pick<ApiTokenRepository["Service"], "liveCreatedBefore" | "expiringBetween" | "withKey" | "undelivered"> => {
  const statements = streamStatementsOn(tables)

  const pages = (
    operation: string,
    statement: Statement,
    valuesAfter: (position: Position) => ReadonlyArray<unknown>,
  ): Stream.Stream<ApiToken, RepositoryUnavailable> =>
    Stream.paginate(beforeAll, (position) =>
      Effect.gen(function* () {
        const rows = yield* database.read(operation, (query) => query<PageRow>(statement, valuesAfter(position)))
        const { values, damaged } = oursOf(rows.flatMap(({ record }) => record ?? []))
        yield* logDamaged(damaged)
        const last = rows.length < pageSize ? undefined : rows.at(-1)
        return [values, Option.map(Option.fromUndefinedOr(last), positionOf)] as const
      }),
    )

  return {
    liveCreatedBefore: (instant, now) =>
      Stream.suspend(() => {
        const [before, at] = [timestampOf(instant), timestampOf(now)]
        return pages("liveCreatedBefore", statements.liveCreatedBefore, (after) => [
          after.at,
          after.id,
          pageSize,
          before,
          at,
        ])
      }),

    expiringBetween: (from, to) =>
      Stream.suspend(() => {
        const [first, before] = [timestampOf(from), timestampOf(to)]
        return pages("expiringBetween", statements.expiringBetween, (after) => [
          after.at,
          after.id,
          pageSize,
          first,
          before,
        ])
      }),

    withKey: (keyId) =>
      Stream.suspend(() => {
        const key = keyIdOf(keyId)
        return key === null
          ? pages("withKey", statements.withoutKey, ({ id }) => [id, pageSize])
          : pages("withKey", statements.withKey, ({ id }) => [id, pageSize, key])
      }),

    undelivered: pages("undelivered", statements.undelivered, ({ id }) => [id, pageSize]),
  }
}
