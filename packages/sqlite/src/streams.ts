/** Streams of all owners' tokens, page by page. */
import type { ApiToken } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { beyondAll, keyIdOf, millisecondsOf } from "./arguments.ts"
import { Query } from "./Query.ts"
import { logSkipped, readable } from "./readableRows.ts"
import { assertWritable } from "./recordVersion.ts"
import type { SqliteDatabase } from "./SqliteDatabase.ts"
import { tokenColumns, tokenOf, type TokenRow } from "./TokenRow.ts"

/** Each page starts right after the previous page's last token. */
export const streamSql = {
  /** Expired ones too, or one statement might pass over a hundred thousand of them before it finds a live one. */
  unrevokedCreatedBefore: `SELECT ${tokenColumns} FROM api_token
    WHERE revoked_at IS NULL AND (created_at, id) > (?, ?) AND created_at < ?
    ORDER BY created_at, id LIMIT ? + 0`,
  expiringBetween: `SELECT ${tokenColumns} FROM api_token
    WHERE revoked_at IS NULL AND (expires_at, id) > (?, ?) AND expires_at < ?
    ORDER BY expires_at, id LIMIT ? + 0`,
  withKey: `SELECT ${tokenColumns}, number FROM api_token
    WHERE number IN (SELECT DISTINCT token_number FROM api_token_secret
      WHERE key_id IS ? AND token_number > ? ORDER BY token_number LIMIT ? + 0)
    ORDER BY number`,
  undelivered: `SELECT ${tokenColumns}, number FROM api_token
    WHERE undelivered > 0 AND number > ? ORDER BY number LIMIT ? + 0`,
} as const

interface NumberedRow extends TokenRow {
  readonly number: number
}

/** How many tokens are held in memory at a time: a few milliseconds' work. */
const pageSize = 100

export const streamsFrom = (
  database: SqliteDatabase,
): Pick<ApiTokenRepository["Service"], "liveCreatedBefore" | "expiringBetween" | "withKey" | "undelivered"> => {
  const unrevokedCreatedBefore = new Query<TokenRow>(database.connection, streamSql.unrevokedCreatedBefore)
  const expiringBetween = new Query<TokenRow>(database.connection, streamSql.expiringBetween)
  const withKey = new Query<NumberedRow>(database.connection, streamSql.withKey)
  const undelivered = new Query<NumberedRow>(database.connection, streamSql.undelivered)

  /** Skips and logs tokens that can't be read. */
  const pages = <Position, Row extends TokenRow>(
    operation: string,
    from: Position,
    rowsAfter: (position: Position) => ReadonlyArray<Row>,
    positionOf: (row: Row) => Position,
    read: (row: Row) => ApiToken = tokenOf,
    isWanted: (row: Row) => boolean = () => true,
  ) =>
    Stream.paginate(from, (position) =>
      // The consumer may have spent this turn on writing the previous page back.
      Effect.andThen(
        Effect.yieldNow,
        database.read(operation, () => {
          const rows = rowsAfter(position)
          const last = rows.length < pageSize ? undefined : rows.at(-1)
          return [readable(rows.filter(isWanted), read), Option.map(Option.fromUndefinedOr(last), positionOf)] as const
        }),
      ).pipe(
        Effect.tap(([{ skipped }]) => logSkipped(operation, skipped)),
        Effect.tap(Effect.yieldNow),
        Effect.map(([{ items }, next]) => [items, next] as const),
      ),
    )

  return {
    liveCreatedBefore: (instant, now) =>
      Stream.suspend(() => {
        const [before, at] = [millisecondsOf(instant), millisecondsOf(now)]
        return pages(
          "liveCreatedBefore",
          { milliseconds: -beyondAll, id: "" },
          ({ milliseconds, id }) => unrevokedCreatedBefore.all(milliseconds, id, before, pageSize),
          (row) => ({ milliseconds: row.created_at, id: row.id }),
          writableTokenOf,
          ({ expires_at }) => expires_at === null || expires_at > at,
        )
      }),

    expiringBetween: (from, to) =>
      Stream.suspend(() => {
        const before = millisecondsOf(to)
        return pages(
          "expiringBetween",
          { milliseconds: millisecondsOf(from), id: "" },
          ({ milliseconds, id }) => expiringBetween.all(milliseconds, id, before, pageSize),
          (row) => ({ milliseconds: row.expires_at ?? beyondAll, id: row.id }),
        )
      }),

    withKey: (keyId) =>
      Stream.suspend(() => {
        const key = keyIdOf(keyId)
        return pages(
          "withKey",
          0,
          (number) => withKey.all(key, number, pageSize),
          (row) => row.number,
          writableTokenOf,
        )
      }),

    undelivered: Stream.suspend(() =>
      pages(
        "undelivered",
        0,
        (number) => undelivered.all(number, pageSize),
        (row) => row.number,
        writableTokenOf,
      ),
    ),
  }
}

/**
 * For streams whose tokens are written back (revoked, converted, marked as delivered): skips a newer version's tokens.
 *
 * @throws DamagedToken, WrittenByNewerVersion
 */
const writableTokenOf = (row: TokenRow): ApiToken => {
  assertWritable(row)
  return tokenOf(row)
}
