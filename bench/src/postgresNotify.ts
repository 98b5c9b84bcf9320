/**
 * Writes per second with and without notifying other processes' caches, in turns, on a server that flushes each commit
 * to the disk: `pnpm bench:postgres-notify`. PostgreSQL lets transactions that notify commit one after the other.
 */
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { PostgresRepository } from "@tokenry/postgres"
import { aToken } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { Pool } from "pg"
import { EmbeddedServer } from "../../tools/postgres-for-tests/EmbeddedServer.ts"

const turn = 500
const turns = 20

const server = await EmbeddedServer.start({ isDurable: true })
const pool = new Pool({ connectionString: `${server.url}/postgres`, max: 16 })
const opened = (notify: boolean) => ManagedRuntime.make(PostgresRepository.layerFrom(pool, { notify }))
const runtimes = [opened(true), opened(false)]
const inserts = await Promise.all(
  runtimes.map(async (runtime) => {
    const { insert } = await runtime.runPromise(ApiTokenRepository)
    return () => Effect.runPromise(insert(aToken()))
  }),
)

/** Writes per second with so many writers. */
const rate = async (insert: () => Promise<void>, writers: number): Promise<number> => {
  const began = performance.now()
  let written = 0
  const writer = async () => {
    for (; performance.now() - began < turn; written++) await insert()
  }
  await Promise.all(Array.from({ length: writers }, writer))
  return (written * 1000) / (performance.now() - began)
}

const medianOf = (values: ReadonlyArray<number>) =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] as number

for (const writers of [1, 4, 16]) {
  const rates: Array<Array<number>> = [[], []]
  for (let round = 0; round <= turns; round++) {
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const measured = await rate(inserts[index] as () => Promise<void>, writers)
      // The first round only warms up.
      if (round > 0) rates[index]?.push(measured)
    }
  }
  const [notifying, silent] = rates.map(medianOf) as [number, number]
  console.log(
    `${String(writers).padStart(2)} writers: ${notifying.toFixed(0)} writes a second with NOTIFY, ${silent.toFixed(0)} without: ${(notifying / silent).toFixed(2)}`,
  )
}
for (const runtime of runtimes) await runtime.dispose()
await pool.end()
await server.stop()
