/**
 * The plan of every statement over 1,000,000 tokens, by EXPLAIN (ANALYZE, BUFFERS): `pnpm bench:postgres-plans`, with
 * another number of tokens as an argument. Fails if a table is scanned or an index isn't used.
 */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { migrate, type PostgresClientLike, PostgresDatabase, PostgresRepository } from "@tokenry/postgres"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { Pool, type PoolClient } from "pg"
import { manyTokens } from "../../packages/postgres/test/manyTokens.ts"
import { type Sent, usesOf } from "../../packages/postgres/test/uses.ts"
import { EmbeddedServer } from "../../tools/postgres-for-tests/EmbeddedServer.ts"

const tokens = Number(process.argv[2] ?? 1_000_000)

const settings = ["shared_buffers=512MB", "max_wal_size=4GB", "maintenance_work_mem=512MB"]
const server = await EmbeddedServer.start({ settings })
const pool = new Pool({ connectionString: `${server.url}/postgres` })
pool.on("error", () => undefined)

/** Indexes are built faster than they are filled row by row. */
const fill = async () => {
  const { rows } = await pool.query<{ indexname: string; indexdef: string }>(
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%pkey'",
  )
  for (const { indexname } of rows) await pool.query(`DROP INDEX ${indexname}`)
  await pool.query(
    `SET session_replication_role = replica; ${manyTokens({ tokens, dead: 3000 })}; RESET session_replication_role`,
  )
  for (const { indexdef } of rows) await pool.query(indexdef)
  await pool.query("VACUUM ANALYZE")
}

/** Runs it in a transaction that is rolled back. */
const undone = async <A>(use: (client: PoolClient) => Promise<A>): Promise<A> => {
  const client = await pool.connect()
  await client.query("BEGIN")
  try {
    return await use(client)
  } finally {
    await client.query("ROLLBACK")
    client.release()
  }
}

/** The statements that a use sends, each text once. */
const statementsOf = (use: ReturnType<typeof usesOf>[number][2]): Promise<ReadonlyArray<Sent>> =>
  undone(async (client) => {
    const sent = new Map<string, Sent>()
    const watched: PostgresClientLike = {
      query: (statement) => {
        if (!sent.has(statement.text)) sent.set(statement.text, statement)
        return client.query(statement)
      },
    }
    const deadlines = { read: "10 minutes", write: "10 minutes" } as const
    const runtime = ManagedRuntime.make(PostgresRepository.onClient(watched, { deadlines }))
    const ports = { ...(await runtime.runPromise(ApiTokenRepository)), ...(await runtime.runPromise(TokenUsageStore)) }
    await runtime.runPromise(use(ports))
    await runtime.dispose()
    return [...sent.values()]
  })

const explain = ({ text, values }: Sent): Promise<string> =>
  undone(async (client) => {
    const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, values)
    return rows.map((row) => row["QUERY PLAN"]).join("\n")
  })

await Effect.runPromise(migrate(PostgresDatabase.fromPool(pool), PostgresRepository.migrations()))
await fill()
console.log(
  `PostgreSQL with ${tokens} tokens. Per use: its slowest statement's time and all its statements' buffers.\n`,
)
const isVerbose = process.env["PLANS"] === "1"
for (const [name, indexes, use] of usesOf(tokens)) {
  const plans: Array<string> = []
  for (const statement of await statementsOf(use)) plans.push(await explain(statement))
  const all = plans.join("\n\n")
  const missing = indexes.filter((index) => !new RegExp(`\\b${index}\\b`).test(all))
  const scanned = /Seq Scan on (api_token\w*)/.exec(all)?.[1]
  const times = plans.map((plan) => Number(/Execution Time: ([\d.]+)/.exec(plan)?.[1]))
  const buffers = plans.map(
    (plan) => Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1] ?? 0) + Number(/read=(\d+)/.exec(plan)?.[1] ?? 0),
  )
  const problem = scanned === undefined ? missing.map((index) => `does not use ${index}`).join() : `scans ${scanned}`
  console.log(
    `${name.padEnd(32)} ${Math.max(...times)
      .toFixed(2)
      .padStart(
        9,
      )} ms ${String(buffers.reduce((sum, each) => sum + each, 0)).padStart(7)} buffers  ${problem || indexes.join(", ")}`,
  )
  if (isVerbose || problem !== "") console.log(all)
  if (problem !== "") process.exitCode = 1
}
await pool.end()
await server.stop()
