/**
 * What PostgreSQL does for each statement that the repository sends, by `EXPLAIN`, on tables with enough rows and statistics
 * for its planner to care. The statements are those that the driver was given, with their values.
 */
import { assert, describe, it } from "@effect/vitest"
import { PostgresRepository } from "@tokenry/postgres"
import { at, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll } from "vitest"
import { aStore, portsOf, withoutPostgres } from "./stores.ts"
import { manyTokens } from "./manyTokens.ts"
import { type Sent, usesOf, watched } from "./uses.ts"

const tokens = 20_000

describe.skipIf(withoutPostgres)("plans", () => {
  const scope = Scope.makeUnsafe()
  let store: Effect.Success<ReturnType<typeof aStore>>

  beforeAll(async () => {
    store = await Effect.runPromise(Scope.provide(aStore(), scope))
    await Effect.runPromise(store.sql(manyTokens({ tokens, dead: 3000 })))
    await Effect.runPromise(store.sql("ANALYZE"))
  }, 120_000)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  it.effect.each(usesOf(tokens))("%s uses its indexes and scans no table", ([, indexes, use]) =>
    Effect.gen(function* () {
      const sent: Array<Sent> = []
      const { schema, pool } = store
      const { repository, usage } = yield* portsOf(
        PostgresRepository.layerFrom(watched(pool, sent), { schema, migrate: false }),
      )
      sent.length = 0
      yield* use({ ...repository, ...usage })
      const plans = yield* Effect.promise(async () => {
        const explained = sent.filter(({ text }) => /^(SELECT|WITH|UPDATE|INSERT)/.test(text))
        assert.isNotEmpty(explained)
        const rows = await Promise.all(
          explained.map(({ text, values }) => pool.query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`, values)),
        )
        return rows.map(({ rows }) => rows.map((row) => row["QUERY PLAN"]).join("\n"))
      })
      for (const plan of plans) assert.notMatch(plan, /Seq Scan on api_token/, plan)
      for (const index of indexes) assert.match(plans.join("\n\n"), new RegExp(`\\b${index}\\b`))
    }),
  )

  it.effect("an owner's live tokens are found without reading their thousands of dead ones", () =>
    Effect.gen(function* () {
      const sent: Array<Sent> = []
      const { schema, pool } = store
      const { repository } = yield* portsOf(
        PostgresRepository.layerFrom(watched(pool, sent), { schema, migrate: false }),
      )
      const old = owner("owner-dead")
      sent.length = 0
      const live = yield* repository.listOwnedBy({
        ownedBy: old,
        state: "live",
        now: at(0),
        after: Option.none(),
        limit: 10,
      })
      assert.strictEqual(live.length, 3)
      assert.strictEqual(yield* repository.countLiveOwnedBy(old, at(0)), 3)
      for (const { text, values } of sent) {
        const plan = yield* Effect.promise(async () => {
          const { rows } = await pool.query<{ "QUERY PLAN": string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, values)
          return rows.map((row) => row["QUERY PLAN"]).join("\n")
        })
        const removed = Array.from(plan.matchAll(/Rows Removed by \w+(?: \w+)?: (\d+)/g), ([, rows]) => Number(rows))
        assert.isBelow(
          removed.reduce((sum, rows) => sum + rows, 0),
          50,
          plan,
        )
      }
    }),
  )
})
