/**
 * Verifying on PostgreSQL, beside one hand-written prepared `SELECT` on the same server: the one that `POSTGRES_URL` names, in
 * a schema of its own; else one that is started here.
 */
import { createApiTokens } from "@tokenry/core/promise"
import { PostgresRepository } from "@tokenry/postgres"
import { hash } from "node:crypto"
import { Pool } from "pg"
import { findPostgresServer, NoPostgresServer } from "../../../tools/postgres-for-tests/PostgresServer.ts"
import { readToken } from "../byHand.ts"
import { checkAnswers, type Contestant, contestant } from "../contestant.ts"
import type { Measure } from "../families.ts"
import { type Block, type Effort, inRounds } from "../inRounds.ts"
import { verifying } from "../ours.ts"
import { ratioRow, type Row, unmeasured } from "../Row.ts"
import { few, ownerOf, requestOf, scope, scopes } from "../setting.ts"
import { prepare } from "../trial.ts"

const schema = "tokenry_bench"
const what = "verify on PostgreSQL, beside one prepared SELECT"
const goal = { atMost: 1.3 }

export const measure: Measure = async (effort) => {
  const server = await findPostgresServer().catch((error: unknown) => {
    if (error instanceof NoPostgresServer) return undefined
    throw error
  })
  if (server === undefined) return [unmeasured(what, "×", "there is no server; POSTGRES_URL may name one", goal)]
  const pool = new Pool({ connectionString: new URL("/postgres", server.url).href })
  pool.on("error", () => undefined)
  try {
    return await measureOn(pool, effort)
  } finally {
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    await pool.end()
    await server.stop()
  }
}

const measureOn = async (pool: Pool, effort: Effort): Promise<ReadonlyArray<Row>> => {
  const repository = PostgresRepository.layerFrom(pool, { schema })
  const tokens = await createApiTokens({ repository, catalogue: scopes })
  const cached = await createApiTokens({ repository, catalogue: scopes, cache: { maxStaleness: "1 minute" } })
  const silent = await createApiTokens({
    repository: PostgresRepository.layerFrom(pool, { schema, notify: false }),
    catalogue: scopes,
  })
  try {
    const { plaintexts, revoked, trial } = await prepare(tokens, few)
    const hand = await byHand(pool, plaintexts, revoked)
    const [ours, fromCache] = [verifying(tokens), verifying(cached)]
    await checkAnswers({ "by hand": hand, "verify on PostgreSQL": ours, "with the cache": fromCache }, trial)
    const { good, owners } = trial
    const select = hand.accepting(good, owners)
    // A server's answers vary more than computing does, so it takes more rounds to tell.
    const verifies = await inRounds(
      { select, again: hand.accepting(good, owners), ours: ours.accepting(good, owners) },
      { ...effort, seconds: 3 * effort.seconds },
    )
    const hits = await inRounds({ select, cached: fromCache.accepting(good, owners) }, effort)
    const issues = await inRounds({ silent: issuingAtOnce(silent), notifying: issuingAtOnce(tokens) }, effort)
    return [
      ratioRow(what, verifies, "ours", "select", { goal, clock: "wall" }),
      ratioRow("noise: by hand beside itself", verifies, "again", "select", { clock: "wall" }),
      ratioRow("the same with the cache on", hits, "cached", "select", { goal: { atMost: 0.1 }, clock: "wall" }),
      ratioRow("16 issues at once, notifying beside not", issues, "notifying", "silent", { clock: "wall" }),
    ]
  } finally {
    for (const each of [silent, cached, tokens]) await each.close()
  }
}

/** As many as the pool's connections can't take all at the same time. */
const issuingAtOnce = ({
  issue,
}: {
  readonly issue: (request: ReturnType<typeof requestOf>) => Promise<unknown>
}): Block => {
  let index = 0
  return async (times) => {
    for (let time = 0; time < times; time++) {
      await Promise.all(Array.from({ length: 16 }, () => issue(requestOf(index++))))
    }
  }
}

/** The least that is right, with its table. */
const byHand = async (
  pool: Pool,
  plaintexts: ReadonlyArray<string>,
  revoked: ReadonlyArray<string>,
): Promise<Contestant> => {
  await pool.query(`CREATE TABLE ${schema}.by_hand (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, digest bytea NOT NULL UNIQUE, owner text NOT NULL,
    scopes text[] NOT NULL, expires_at timestamptz, revoked_at timestamptz)`)
  const digests = [...plaintexts, ...revoked].map((token) => hash("sha256", token, "buffer"))
  await pool.query(
    `INSERT INTO ${schema}.by_hand (digest, owner, scopes, expires_at, revoked_at)
     SELECT digest, owner, $3, now() + interval '90 days', CASE WHEN place > $4 THEN now() END
     FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS given (digest, owner, place)`,
    [digests, digests.map((_, index) => ownerOf(index)), [scope], plaintexts.length],
  )
  const text = `SELECT id, owner, scopes, expires_at, revoked_at FROM ${schema}.by_hand WHERE digest = $1`
  const verify = async (header: string) => {
    const token = readToken(header)
    if (token === undefined) return undefined
    const { rows } = await pool.query<SqlRow>({ name: "by_hand", text, values: [hash("sha256", token, "buffer")] })
    const [row] = rows
    if (row === undefined || row.revoked_at !== null || row.expires_at <= new Date()) return undefined
    return row.scopes.includes(scope) ? { id: row.id, owner: row.owner, scopes: row.scopes } : undefined
  }
  return contestant(verify, (caller) => caller?.owner)
}

interface SqlRow {
  readonly id: string
  readonly owner: string
  readonly scopes: ReadonlyArray<string>
  readonly expires_at: Date
  readonly revoked_at: Date | null
}
