/** The record of uses of the tokens on SQLite, in tables of its own beside theirs. */
import { SecretUsage, type TokenId, TokenUsageStore } from "@tokenry/core"
import { DateTime, Effect } from "effect"
import { idOf, millisecondsOf, optionalMillisecondsOf } from "./arguments.ts"
import { Query } from "./Query.ts"
import type { SqliteDatabase } from "./SqliteDatabase.ts"
import { instantOf } from "./TokenRow.ts"

/** What is recorded of one secret; `scopes` is a JSON list of pairs of a scope and an instant. */
type UsageRow = readonly [
  count: number,
  lastUsedAt: number | null,
  scopes: string,
  reuses: number,
  lastReusedAt: number | null,
]

type WholeUsageRow = readonly [...UsageRow, tokenId: string, generation: number]

const usageColumns = "count, last_used_at, api_token_usage.scopes, reuses, last_reused_at"

/** The texts, for the tests that ask SQLite for their plans. */
export const usageSql = {
  numberOf: "SELECT number FROM api_token WHERE id = ?",
  ofSecret: `SELECT ${usageColumns} FROM api_token_usage WHERE token_number = ? AND generation = ?`,
  ofTokens: `SELECT ${usageColumns}, api_token.id, generation
    FROM api_token JOIN api_token_usage ON token_number = number
    WHERE api_token.id IN (SELECT value FROM json_each(?))`,
  since: "SELECT instant FROM api_token_usage_since",
} as const

/** Reads and adds up within one transaction. Compiles its statements, so that the tables must be there. */
export const usageStoreOn = (database: SqliteDatabase): TokenUsageStore["Service"] => {
  const db = database.connection
  const numberOf = new Query<readonly [number]>(db, usageSql.numberOf)
  const ofSecret = new Query<UsageRow>(db, usageSql.ofSecret)
  const ofTokens = new Query<WholeUsageRow>(db, usageSql.ofTokens)
  const since = new Query<readonly [number]>(db, usageSql.since)
  const put = db.prepare(
    `INSERT OR REPLACE INTO api_token_usage
       (count, last_used_at, scopes, reuses, last_reused_at, token_number, generation)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const putSince = db.prepare("INSERT OR IGNORE INTO api_token_usage_since (only, instant) VALUES (1, ?)")

  const recordOne = (usage: SecretUsage): void => {
    const { tokenId, generation } = usage
    const number = numberOf.get(idOf(tokenId))?.[0]
    if (number === undefined) return
    const before = ofSecret.get(number, generation)
    const both = before === undefined ? usage : SecretUsage.add(usageOf([...before, tokenId, generation]), usage)
    put.run(...rowOf(both), number, generation)
  }

  return TokenUsageStore.of({
    record: (usages) => (usages.length === 0 ? Effect.void : database.write("record", () => usages.forEach(recordOne))),

    usageOf: (ids) =>
      ids.length === 0
        ? noUsages
        : database.read("usageOf", () => ofTokens.all(JSON.stringify(ids.map(idOf))).map(usageOf)),

    begin: (now) =>
      Effect.suspend(() => {
        const milliseconds = millisecondsOf(now)
        const begin = database.write("begin", () => {
          putSince.run(milliseconds)
          return since.get()?.[0] ?? milliseconds
        })
        return database
          .read("begin", () => since.get()?.[0])
          .pipe(
            Effect.flatMap((recorded) => (recorded === undefined ? begin : Effect.succeed(recorded))),
            Effect.map(DateTime.makeUnsafe),
          )
      }),
  })
}

const rowOf = ({ count, lastUsedAt, scopes, reuses, lastReusedAt }: SecretUsage): UsageRow => [
  count,
  optionalMillisecondsOf(lastUsedAt),
  JSON.stringify(Array.from(scopes, ([scope, at]) => [scope, millisecondsOf(at)])),
  reuses,
  optionalMillisecondsOf(lastReusedAt),
]

const usageOf = (row: WholeUsageRow): SecretUsage => {
  const [count, lastUsedAt, scopes, reuses, lastReusedAt, tokenId, generation] = row
  const pairs = JSON.parse(scopes) as ReadonlyArray<readonly [scope: string, at: number]>
  return {
    tokenId: tokenId as TokenId,
    generation,
    count,
    lastUsedAt: instantOf(lastUsedAt),
    scopes: new Map(pairs.map(([scope, at]) => [scope, DateTime.makeUnsafe(at)])),
    reuses,
    lastReusedAt: instantOf(lastReusedAt),
  }
}

const noUsages = Effect.succeed([])
