/** The token usage store on SQLite, in its own tables. */
import { SecretUsage, type TokenId, TokenUsageStore } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { idOf, millisecondsOf, optionalMillisecondsOf } from "./arguments.ts"
import { Query } from "./Query.ts"
import type { SqliteDatabase } from "./SqliteDatabase.ts"
import { instantOf } from "./TokenRow.ts"

/** The recorded usage of one secret. `scopes` is a JSON list of pairs of a scope and an instant. */
interface UsageRow {
  readonly count: number
  readonly last_used_at: number | null
  readonly scopes: string
  readonly reuses: number
  readonly last_reused_at: number | null
}

interface WholeUsageRow extends UsageRow {
  readonly id: string
  readonly generation: number
}

const usageColumns = "count, last_used_at, api_token_usage.scopes, reuses, last_reused_at"

/** The SQL texts, for tests that check SQLite's query plans. */
export const usageSql = {
  numberOf: "SELECT number FROM api_token WHERE id = ?",
  ofSecret: `SELECT ${usageColumns} FROM api_token_usage WHERE token_number = ? AND generation = ?`,
  ofTokens: `SELECT ${usageColumns}, api_token.id, generation
    FROM api_token JOIN api_token_usage ON token_number = number
    WHERE api_token.id IN (SELECT value FROM json_each(?))`,
  since: "SELECT instant FROM api_token_usage_since",
} as const

/** Reads and adds within one transaction. Compiles its statements, so the tables must exist. */
export const usageStoreOn = (database: SqliteDatabase): TokenUsageStore["Service"] => {
  const db = database.connection
  const numberOf = new Query<{ readonly number: number }>(db, usageSql.numberOf)
  const ofSecret = new Query<UsageRow>(db, usageSql.ofSecret)
  const ofTokens = new Query<WholeUsageRow>(db, usageSql.ofTokens)
  const since = new Query<{ readonly instant: number }>(db, usageSql.since)
  const put = db.prepare(
    `INSERT OR REPLACE INTO api_token_usage
       (count, last_used_at, scopes, reuses, last_reused_at, token_number, generation)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const putSince = db.prepare("INSERT OR IGNORE INTO api_token_usage_since (only, instant) VALUES (1, ?)")

  const recordOne = (usage: SecretUsage, now: DateTime.Utc | undefined): void => {
    const { tokenId, generation } = usage
    const number = numberOf.get(idOf(tokenId))?.number
    if (number === undefined) return
    const before = ofSecret.get(number, generation)
    const sum = before === undefined ? usage : SecretUsage.add(usageOf({ ...before, id: tokenId, generation }), usage)
    const { count, last_used_at, scopes, reuses, last_reused_at } = rowOf(
      now === undefined ? sum : SecretUsage.notAfter(sum, millisecondsOf(now)),
    )
    put.run(count, last_used_at, scopes, reuses, last_reused_at, number, generation)
  }

  return TokenUsageStore.of({
    record: (usages, now) =>
      usages.length === 0
        ? Effect.void
        : database.write("record", () => usages.forEach((usage) => recordOne(usage, now))),

    usageOf: (ids) =>
      ids.length === 0
        ? noUsages
        : database.read("usageOf", () => ofTokens.all(JSON.stringify(ids.map(idOf))).map(usageOf)),

    begin: (now) =>
      Effect.suspend(() => {
        const milliseconds = millisecondsOf(now)
        const begin = database.write("begin", () => {
          putSince.run(milliseconds)
          return since.get()?.instant ?? milliseconds
        })
        return database
          .read("begin", () => since.get()?.instant)
          .pipe(
            Effect.flatMap((recorded) => (recorded === undefined ? begin : Effect.succeed(recorded))),
            Effect.map(DateTime.makeUnsafe),
          )
      }),
  })
}

const rowOf = ({ count, lastUsedAt, scopes, reuses, lastReusedAt }: SecretUsage): UsageRow => ({
  count,
  last_used_at: optionalMillisecondsOf(lastUsedAt),
  scopes: JSON.stringify(Array.from(scopes, ([scope, at]) => [scope, millisecondsOf(at)])),
  reuses,
  last_reused_at: optionalMillisecondsOf(lastReusedAt),
})

/** A damaged list of scopes counts as empty, rather than breaking the token's page. */
const pairsIn = (json: string): ReadonlyArray<readonly [scope: string, at: number]> => {
  try {
    const pairs: unknown = JSON.parse(json)
    return Array.isArray(pairs) ? pairs.filter(isPair) : []
  } catch {
    return []
  }
}

const isPair = (value: unknown): value is readonly [scope: string, at: number] =>
  Array.isArray(value) && typeof value[0] === "string" && Number.isSafeInteger(value[1])

const usageOf = ({
  id,
  generation,
  count,
  last_used_at,
  scopes,
  reuses,
  last_reused_at,
}: WholeUsageRow): SecretUsage => {
  return {
    tokenId: id as TokenId,
    generation,
    count,
    lastUsedAt: instantOf(last_used_at),
    scopes: new Map(pairsIn(scopes).map(([scope, at]) => [scope, DateTime.makeUnsafe(at)])),
    reuses,
    lastReusedAt: instantOf(last_reused_at),
  }
}

const noUsages = Effect.succeed([])
