/**
 * What PostgreSQL does for each statement that the repository sends, by `EXPLAIN`, on tables with enough rows and statistics
 * for its planner to care. The statements are those that the driver was given, with their values.
 */
import { assert, describe, it } from "@effect/vitest"
import { type ApiTokenRepository, type KeyId, type TokenUsageStore, unattributed } from "@tokenry/core/adapter"
import { PostgresRepository, type PostgresPoolLike } from "@tokenry/postgres"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type pg from "pg"
import { afterAll, beforeAll } from "vitest"
import { aStore, portsOf, withoutPostgres } from "./stores.ts"
import { aDigest, anId, at, aUsage, owner } from "../../../tools/store-tests/tokens.ts"
import { manyTokens } from "./manyTokens.ts"

type Ports = ApiTokenRepository["Service"] & TokenUsageStore["Service"]

const list = { ownedBy: owner("owner-7"), now: at(0), after: Option.none(), limit: 10 } as const
const later = { ...list, after: Option.some({ createdAt: at(-5000), id: anId() }) }
const revocation = { at: at(200), reason: "r" }

/** Each use, and the indexes that its statements go by. */
const uses: ReadonlyArray<
  readonly [name: string, indexes: ReadonlyArray<string>, use: (ports: Ports) => Effect.Effect<unknown, unknown>]
> = [
  ["findById", ["api_token_pkey", "api_token_secret_generation"], (ports) => ports.findById(anId())],
  ["findManyById", ["api_token_pkey"], (ports) => ports.findManyById([anId(), anId()])],
  ["findByDigest", ["api_token_secret_pkey", "api_token_pkey"], (ports) => ports.findByDigest([aDigest()])],
  ["findByDigest of two", ["api_token_secret_pkey"], (ports) => ports.findByDigest([aDigest(), aDigest()])],
  ["listOwnedBy any", ["api_token_newest"], (ports) => ports.listOwnedBy({ ...list, state: "any" })],
  ["listOwnedBy any, a later page", ["api_token_newest"], (ports) => ports.listOwnedBy({ ...later, state: "any" })],
  [
    "listOwnedBy live",
    ["api_token_lasting", "api_token_expiring"],
    (ports) => ports.listOwnedBy({ ...list, state: "live" }),
  ],
  [
    "listOwnedBy live, a later page",
    ["api_token_lasting", "api_token_expiring"],
    (ports) => ports.listOwnedBy({ ...later, state: "live" }),
  ],
  [
    "listOwnedBy dead",
    ["api_token_revoked", "api_token_expiring"],
    (ports) => ports.listOwnedBy({ ...list, state: "dead" }),
  ],
  [
    "listOwnedBy of a lineage",
    ["api_token_ancestors"],
    (ports) => ports.listOwnedBy({ ...list, state: "live", lineageOf: anId() }),
  ],
  [
    "countLiveOwnedBy",
    ["api_token_lasting", "api_token_expiring"],
    (ports) => ports.countLiveOwnedBy(list.ownedBy, at(0)),
  ],
  ["liveCreatedBefore", ["api_token_created"], (ports) => run(ports.liveCreatedBefore(at(-9000), at(0)))],
  ["expiringBetween", ["api_token_expiry"], (ports) => run(ports.expiringBetween(at(10), at(20)))],
  ["undelivered", ["api_token_undelivered"], (ports) => run(ports.undelivered)],
  ["withKey", ["api_token_secret_key"], (ports) => run(ports.withKey(Option.some("key-1" as KeyId)))],
  ["withKey of none", ["api_token_secret_key"], (ports) => Stream.runHead(ports.withKey(Option.none()))],
  ["keyIdsInUse", ["api_token_secret_key"], (ports) => ports.keyIdsInUse],
  ["markDelivered", ["api_token_pkey"], (ports) => ports.markDelivered(anId(), 1)],
  ["record", ["api_token_pkey"], (ports) => ports.record([aUsage(anId()), aUsage(anId())])],
  ["usageOf", ["api_token_usage_pkey"], (ports) => ports.usageOf([anId(), anId()])],
  ["purge", ["api_token_died", "api_token_ancestors", "api_token_pkey"], (ports) => ports.purge(at(-9990))],
  [
    "revokeOwnedBy",
    ["api_token_newest", "api_token_pkey"],
    (ports) => ports.revokeOwnedBy(owner("owner-8"), revocation, unattributed),
  ],
  [
    "revokeIssuedTo",
    ["api_token_issued_to"],
    (ports) => ports.revokeIssuedTo("app-3", Option.none(), revocation, unattributed),
  ],
  [
    "revokeIssuedTo of one owner",
    ["api_token_issued_to"],
    (ports) => ports.revokeIssuedTo("app-4", Option.some(owner("owner-9")), revocation, unattributed),
  ],
]

const run = <A, E>(stream: Stream.Stream<A, E>) => Stream.runDrain(Stream.take(stream, 10))

interface Sent {
  readonly text: string
  readonly values?: Array<unknown>
}

/** The pool, and each statement that is sent through it. */
const watched = (pool: pg.Pool, sent: Array<Sent>): PostgresPoolLike => ({
  connect: async () => {
    const client = await pool.connect()
    return {
      query: (statement) => {
        sent.push(statement)
        return client.query(statement)
      },
      release: (error) => client.release(error),
      on: (event, listener) => client.on(event, listener),
      removeListener: (event, listener) => client.removeListener(event, listener),
    }
  },
})

describe.skipIf(withoutPostgres)("plans", () => {
  const scope = Scope.makeUnsafe()
  let store: Effect.Success<ReturnType<typeof aStore>>

  beforeAll(async () => {
    store = await Effect.runPromise(Scope.provide(aStore(), scope))
    await Effect.runPromise(store.sql(manyTokens({ tokens: 20_000, dead: 3000 })))
    await Effect.runPromise(store.sql("ANALYZE"))
  }, 120_000)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  it.effect.each(uses)("%s goes by its indexes, and scans nothing", ([, indexes, use]) =>
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

  it.effect("the live tokens of an owner with thousands of dead ones are found without reading those", () =>
    Effect.gen(function* () {
      const sent: Array<Sent> = []
      const { schema, pool } = store
      const { repository } = yield* portsOf(
        PostgresRepository.layerFrom(watched(pool, sent), { schema, migrate: false }),
      )
      const old = owner("owner-dead")
      sent.length = 0
      const live = yield* repository.listOwnedBy({ ...list, ownedBy: old, state: "live" })
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
