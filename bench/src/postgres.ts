/** Verifies on PostgreSQL, beside one hand-written prepared SELECT on the same server. */
import { createApiTokens } from "@tokenry/core/promise"
import { PostgresRepository } from "@tokenry/postgres"
import { hash } from "node:crypto"
import { Pool } from "pg"
import { EmbeddedServer } from "../../tools/postgres-for-tests/EmbeddedServer.ts"
import { compare, type Comparison, timeOf } from "./compare.ts"
import { request, requirement, scopes } from "./setting.ts"

const calls = 500
const rounds = 40
/** Many tokens, so that a single hot page or plan doesn't flatter the numbers. */
const count = 1000

/** A schema of its own on the server named by `POSTGRES_URL`, or on one started here. */
export const compareOnPostgres = async (): Promise<ReadonlyArray<Comparison>> => {
  const given = process.env["POSTGRES_URL"]
  const server = given ? undefined : await EmbeddedServer.start()
  const url = given ?? `${server?.url}/postgres`
  const pool = new Pool({ connectionString: url })
  pool.on("error", () => undefined)
  try {
    return await measureOn(pool)
  } finally {
    await pool.query("DROP SCHEMA IF EXISTS tokenry_bench CASCADE")
    await pool.end()
    await server?.stop()
  }
}

const measureOn = async (pool: Pool): Promise<ReadonlyArray<Comparison>> => {
  const repository = PostgresRepository.layerFrom(pool, { schema: "tokenry_bench" })
  const tokens = await createApiTokens({ repository, catalogue: scopes })
  const cached = await createApiTokens({ repository, catalogue: scopes, cache: { maxStaleness: "1 minute" } })
  const silent = await createApiTokens({
    repository: PostgresRepository.layerFrom(pool, { schema: "tokenry_bench", notify: false }),
    catalogue: scopes,
  })
  try {
    const plaintexts: Array<string> = []
    for (let index = 0; index < count; index++) plaintexts.push((await tokens.issue(request)).plaintext)
    const byHand = await handWritten(pool, plaintexts)
    let turn = 0
    const next = () => plaintexts[turn++ % count] ?? ""
    const select = timeOf(calls, () => byHand(next(), "treasure:read"))
    return [
      await compare("verify on PostgreSQL, beside one prepared SELECT", "<= 1.3", rounds, {
        byHand: select,
        ours: timeOf(calls, () => tokens.verify(next(), requirement)),
      }),
      await compare("the same with the cache on", "<= 0.1", rounds, {
        byHand: select,
        ours: timeOf(calls, () => cached.verify(next(), requirement)),
      }),
      await compare("16 concurrent issues, with notifications beside without", "-", 10, {
        byHand: timeOf(5, () => atOnce(() => silent.issue(request))),
        ours: timeOf(5, () => atOnce(() => tokens.issue(request))),
      }),
    ]
  } finally {
    await silent.close()
    await cached.close()
    await tokens.close()
  }
}

/** More than the pool's connections can handle at once. */
const atOnce = (call: () => Promise<unknown>) => Promise.all(Array.from({ length: 16 }, call))

/** The minimum that is still correct: hash, lookup, revoked, expired, scope. No checksum, no catalogue, no reasons. */
const handWritten = async (pool: Pool, plaintexts: ReadonlyArray<string>) => {
  await pool.query(`CREATE TABLE tokenry_bench.by_hand (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, digest bytea NOT NULL UNIQUE, owner text NOT NULL,
    scopes text[] NOT NULL, expires_at timestamptz, revoked_at timestamptz)`)
  for (const token of plaintexts) {
    await pool.query(
      "INSERT INTO tokenry_bench.by_hand (digest, owner, scopes, expires_at) VALUES ($1, $2, $3, now() + interval '90 days')",
      [hash("sha256", token, "buffer"), request.ownedBy, request.scopes],
    )
  }
  const text = "SELECT id, owner, scopes, expires_at, revoked_at FROM tokenry_bench.by_hand WHERE digest = $1"
  return async (token: string, scope: string) => {
    const { rows } = await pool.query<Row>({ name: "by_hand", text, values: [hash("sha256", token, "buffer")] })
    const [row] = rows
    if (row === undefined || row.revoked_at !== null || row.expires_at <= new Date()) return undefined
    return row.scopes.includes(scope) ? { id: row.id, owner: row.owner, scopes: row.scopes } : undefined
  }
}

interface Row {
  readonly id: string
  readonly owner: string
  readonly scopes: ReadonlyArray<string>
  readonly expires_at: Date
  readonly revoked_at: Date | null
}
