/** Stores recorded uses beside the tokens, one row per used secret. */
import { SecretUsage, type TokenId, TokenUsageStore } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { countOf, idOf, millisecondsOf, optionalTimestampOf, timestampOf } from "./arguments.ts"
import { logDamaged, readableOf } from "./pages.ts"
import type { PostgresDatabase } from "./PostgresDatabase.ts"
import { Reader } from "./Reader.ts"
import { planned, prepared } from "./Statement.ts"
import type { Tables } from "./tables.ts"
import { epochOf } from "./TokenRecord.ts"

/** The most secrets in one upsert. */
const atOnce = 5000

/** NULL stays NULL, in both. */
const notAfter = (present: string, instant: string): string =>
  `CASE WHEN ${instant} > ${present}::timestamptz THEN ${present}::timestamptz ELSE ${instant} END`

const usageStatementsOn = ({ token, usage, usageSince }: Tables) => ({
  /**
   * Adds to what is recorded, in the order of the primary key, so that two flushes don't deadlock. Uses of a token that is
   * gone are dropped; the lock keeps the others from going meanwhile. What was recorded as later than $8, the present, is
   * replaced by it; a scope is never recorded as later than the secret's last use.
   */
  add: prepared(`WITH seen AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::timestamptz[], $5::jsonb[], $6::bigint[], $7::timestamptz[])
        AS s (token_id, generation, count, last_used_at, scopes, reuses, last_reused_at)
    ), there AS (
      SELECT id FROM ${token} WHERE id = ANY ($1::uuid[]) ORDER BY id FOR KEY SHARE
    )
    INSERT INTO ${usage} AS u (token_id, generation, count, last_used_at, scopes, reuses, last_reused_at)
    SELECT seen.* FROM seen JOIN there ON there.id = seen.token_id ORDER BY token_id, generation
    ON CONFLICT (token_id, generation) DO UPDATE SET
      count = u.count + excluded.count,
      last_used_at = ${notAfter("$8", "greatest(u.last_used_at, excluded.last_used_at)")},
      scopes = CASE WHEN excluded.scopes = '{}' AND u.last_used_at > $8 IS NOT TRUE THEN u.scopes ELSE (
        SELECT coalesce(jsonb_object_agg(scope, at), '{}') FROM (
          SELECT scope, least(max(at::bigint), $9::bigint) AS at
          FROM (SELECT * FROM jsonb_each_text(u.scopes) UNION ALL SELECT * FROM jsonb_each_text(excluded.scopes)) AS both_of (scope, at)
          GROUP BY scope) AS latest) END,
      reuses = u.reuses + excluded.reuses,
      last_reused_at = ${notAfter("$8", "greatest(u.last_reused_at, excluded.last_reused_at)")}`),

  ofTokens: prepared(`SELECT json_build_object('id', token_id, 'generation', generation, 'count', count,
      'lastUsedAt', ${epochOf("last_used_at")}, 'scopes', scopes, 'reuses', reuses,
      'lastReusedAt', ${epochOf("last_reused_at")})::text AS record
    FROM ${usage} WHERE token_id = ANY ($1::uuid[])`),

  since: planned(`SELECT ${epochOf("instant")} AS instant FROM ${usageSince}`),
  begin: planned(`INSERT INTO ${usageSince} (only_row, instant) VALUES (true, $1) ON CONFLICT DO NOTHING`),
})

export const usageStoreOn = (database: PostgresDatabase, tables: Tables): TokenUsageStore["Service"] => {
  const statements = usageStatementsOn(tables)
  type Since = { readonly instant: string }

  const add = (usages: ReadonlyArray<SecretUsage>, now: DateTime.Utc | undefined) =>
    database.write("record", (query) =>
      query(statements.add, [
        ...columnsOf(usages),
        now === undefined ? null : timestampOf(now),
        now === undefined ? null : millisecondsOf(now),
      ]),
    )

  return TokenUsageStore.of({
    record: (given, now) =>
      Effect.suspend(() => {
        const all = SecretUsage.merge(given)
        const flushes = Array.from({ length: Math.ceil(all.length / atOnce) }, (_, index) =>
          all.slice(index * atOnce, (index + 1) * atOnce),
        )
        return Effect.forEach(flushes, (flush) => add(flush, now), { discard: true })
      }),

    usageOf: (ids) =>
      ids.length === 0
        ? nothingRecorded
        : Effect.gen(function* () {
            const rows = yield* database.read("usageOf", async (query) =>
              query<{ readonly record: string }>(statements.ofTokens, [ids.map(idOf)]),
            )
            const { values, damaged } = readableOf(
              rows.map(({ record }) => record),
              usageOf,
            )
            yield* logDamaged(damaged)
            return values
          }),

    begin: (now) =>
      Effect.gen(function* () {
        const first = timestampOf(now)
        const recorded = yield* database.read("begin", (query) => query<Since>(statements.since))
        const [since] =
          recorded.length > 0
            ? recorded
            : yield* database.write("begin", async (query) => {
                await query(statements.begin, [first])
                return query<Since>(statements.since)
              })
        return DateTime.makeUnsafe(Number(since?.instant))
      }),
  })
}

const columnsOf = (usages: ReadonlyArray<SecretUsage>): ReadonlyArray<unknown> => [
  usages.map(({ tokenId }) => idOf(tokenId)),
  usages.map(({ generation }) => countOf(generation)),
  usages.map(({ count }) => countOf(count)),
  usages.map(({ lastUsedAt }) => optionalTimestampOf(lastUsedAt)),
  usages.map(({ scopes }) => scopesOf(scopes)),
  usages.map(({ reuses }) => countOf(reuses)),
  usages.map(({ lastReusedAt }) => optionalTimestampOf(lastReusedAt)),
]

const scopesOf = (scopes: SecretUsage["scopes"]): string =>
  JSON.stringify(Object.fromEntries(Array.from(scopes, ([scope, at]) => [scope, millisecondsOf(at)])))

const usageOf = (record: string): SecretUsage => {
  const reader = Reader.of(record)
  return {
    tokenId: reader.string("id") as TokenId,
    generation: reader.integer("generation"),
    count: reader.integer("count"),
    lastUsedAt: reader.optionalInstant("lastUsedAt"),
    scopes: reader.instants("scopes"),
    reuses: reader.integer("reuses"),
    lastReusedAt: reader.optionalInstant("lastReusedAt"),
  }
}

const nothingRecorded = Exit.succeed([])
