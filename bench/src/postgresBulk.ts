/**
 * The p99 of a verify while the store does bulk work, beside its p99 while it does nothing else, in turns: `pnpm
 * bench:postgres-bulk`. Another process does the work, as a job beside the API's servers would.
 */
import {
  ApiTokenRepository,
  TokenUsageStore,
  type SecretUsage,
  type TokenId,
  unattributed,
} from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import { PostgresRepository } from "@tokenry/postgres"
import { at, owner } from "@tokenry/repository-contract/tokens"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { Pool } from "pg"
import { manyTokens } from "../../packages/postgres/test/manyTokens.ts"
import { EmbeddedServer } from "../../tools/postgres-for-tests/EmbeddedServer.ts"
import { requestOf, requirement, scopes } from "./setting.ts"

const works = ["revoke", "convert", "usage", "purge"] as const
type Work = (typeof works)[number]

/** How many tokens the work affects. As many others are left alone. */
const count = Number(process.argv[2] ?? 100_000)
/** How long to measure each way, in turns of a quarter second. */
const turn = 250

const used = (tokenId: TokenId): SecretUsage => ({
  tokenId,
  generation: 1,
  count: 1,
  lastUsedAt: Option.some(DateTime.nowUnsafe()),
  scopes: new Map(),
  reuses: 0,
  lastReusedAt: Option.none(),
})

const percentile = (times: ReadonlyArray<number>, share: number) =>
  times.toSorted((left, right) => left - right)[Math.floor(times.length * share)] as number

/** The other process: does one piece of work per message, until its parent has exited. */
const work = async (url: string) => {
  const runtime = ManagedRuntime.make(PostgresRepository.layer({ url }))
  const repository = await runtime.runPromise(ApiTokenRepository)
  const usage = await runtime.runPromise(TokenUsageStore)
  const works: Record<Work, Effect.Effect<unknown, unknown>> = {
    revoke: repository.revokeOwnedBy(owner("owner-dead"), { at: at(1), reason: "bench" }, unattributed),
    purge: repository.purge(at(2)),
    // As the core converts digests when a key ring is switched on: read page by page, replace each.
    convert: repository.withKey(Option.none()).pipe(
      Stream.take(count / 20),
      Stream.runForEach((token) =>
        repository.replace(token.revoke({ at: at(1), reason: "bench" }, unattributed), token.revision),
      ),
    ),
    usage: Effect.gen(function* () {
      const tokens = yield* repository.listOwnedBy({
        ownedBy: owner("owner-7"),
        state: "any",
        now: at(0),
        after: Option.none(),
        limit: 100,
      })
      yield* Effect.repeat(usage.record(tokens.map(({ id }) => used(id))), { times: 200 })
    }),
  }
  process.on("disconnect", () => void runtime.dispose().then(() => process.exit(0)))
  process.on("message", async (name: Work) => {
    await runtime.runPromise(works[name])
    process.send?.("done")
  })
  process.send?.("ready")
}

const measure = async () => {
  const server = await EmbeddedServer.start({ isDurable: true, settings: ["shared_buffers=256MB", "max_wal_size=4GB"] })
  const url = `${server.url}/postgres`
  const pool = new Pool({ connectionString: url })
  const tokens = await createApiTokens({ repository: PostgresRepository.layer({ url }), catalogue: scopes })
  const plaintexts: Array<string> = []
  for (let index = 0; index < 500; index++) plaintexts.push((await tokens.issue(requestOf(index))).plaintext)
  // The dead ones of the tests' tables live here, so that they can be revoked.
  await pool.query(manyTokens({ tokens: count, dead: count }))
  await pool.query(
    "UPDATE api_token SET revoked_at = NULL, revocation_reason = NULL, expires_at = NULL WHERE owned_by = 'owner-dead'",
  )
  await pool.query("VACUUM ANALYZE")

  let next = 0
  const durations = async (into: Array<number>, milliseconds: number) => {
    const began = performance.now()
    for (let now = began; now - began < milliseconds;) {
      await tokens.verify(plaintexts[next++ % plaintexts.length], requirement)
      const after = performance.now()
      into.push(after - now)
      now = after
    }
  }
  await durations([], 2000)
  console.log(`Verifies one after the other, in turns of ${turn} ms with and without the work.\n`)
  for (const name of works) {
    const other = fork(import.meta.filename, [String(count), url], { execArgv: process.execArgv })
    await once(other, "message")
    const [idle, busy]: [Array<number>, Array<number>] = [[], []]
    const done = once(other, "message")
    const state = { isDone: false }
    void done.then(() => (state.isDone = true))
    other.send(name)
    // With the process stopped, the server finishes the statement it has, and receives no other.
    while (!state.isDone) {
      await durations(busy, turn)
      if (state.isDone) break
      other.kill("SIGSTOP")
      await sleep(50)
      await durations(idle, turn)
      other.kill("SIGCONT")
    }
    other.disconnect()
    const [before, during] = [percentile(idle, 0.99), percentile(busy, 0.99)]
    console.log(
      `${name.padEnd(8)} p50 ${percentile(idle, 0.5).toFixed(2)} → ${percentile(busy, 0.5).toFixed(2)} ms, ` +
        `p99 ${before.toFixed(2)} → ${during.toFixed(2)} ms: ${(during / before).toFixed(2)} times (${idle.length} and ${busy.length} verifies)`,
    )
  }
  await tokens.close()
  await pool.end()
  await server.stop()
}

const url = process.argv[3]
await (url === undefined ? measure() : work(url))
