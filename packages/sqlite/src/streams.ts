/** Sweeps over all owners' tokens, page by page. */
import type { ApiTokenRepository } from "@tokenry/core"
import { Effect, Option, Stream } from "effect"
import { beyondAll, millisecondsOf } from "./arguments.ts"
import { Query } from "./Query.ts"
import type { SqliteDatabase } from "./SqliteDatabase.ts"
import { tokenColumns, tokenOf, type TokenRow } from "./TokenRow.ts"

/** Each page goes on right after the last token of the one before. */
export const streamSql = {
  liveCreatedBefore: `SELECT ${tokenColumns} FROM api_token
    WHERE revoked_at IS NULL AND (created_at, id) > (?, ?) AND created_at < ?
      AND (expires_at IS NULL OR expires_at > ?)
    ORDER BY created_at, id LIMIT ?`,
  expiringBetween: `SELECT ${tokenColumns} FROM api_token
    WHERE revoked_at IS NULL AND (expires_at, id) > (?, ?) AND expires_at < ?
    ORDER BY expires_at, id LIMIT ?`,
} as const

/** How many tokens are read, mapped and held in memory at a time: some milliseconds' work. */
const pageSize = 100

export const streamsFrom = (
  database: SqliteDatabase,
): Pick<ApiTokenRepository["Service"], "liveCreatedBefore" | "expiringBetween"> => {
  const liveCreatedBefore = new Query<TokenRow>(database.connection, streamSql.liveCreatedBefore)
  const expiringBetween = new Query<TokenRow>(database.connection, streamSql.expiringBetween)

  const pages = (
    operation: string,
    from: number,
    rowsAfter: (milliseconds: number, id: string) => ReadonlyArray<TokenRow>,
    millisecondsIn: (row: TokenRow) => number | null,
  ) =>
    Stream.paginate({ milliseconds: from, id: "" }, ({ milliseconds, id }) =>
      database
        .read(operation, () => {
          const rows = rowsAfter(milliseconds, id)
          const last = rows.length < pageSize ? undefined : rows.at(-1)
          const next = last && { milliseconds: millisecondsIn(last) ?? beyondAll, id: last[0] }
          return [rows.map(tokenOf), Option.fromUndefinedOr(next)] as const
        })
        .pipe(Effect.tap(Effect.yieldNow)),
    )

  return {
    liveCreatedBefore: (instant, now) =>
      Stream.suspend(() => {
        const [before, at] = [millisecondsOf(instant), millisecondsOf(now)]
        const rowsAfter = (milliseconds: number, id: string) =>
          liveCreatedBefore.all(milliseconds, id, before, at, pageSize)
        return pages("liveCreatedBefore", -beyondAll, rowsAfter, (row) => row[8])
      }),

    expiringBetween: (from, to) =>
      Stream.suspend(() => {
        const before = millisecondsOf(to)
        const rowsAfter = (milliseconds: number, id: string) => expiringBetween.all(milliseconds, id, before, pageSize)
        return pages("expiringBetween", millisecondsOf(from), rowsAfter, (row) => row[3])
      }),
  }
}
