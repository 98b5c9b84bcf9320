/** What grows with a SQLite store: lists, bulk work and sweeps on 1,100,000 tokens, beside 1,000. */
import { statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { KeyRing } from "@tokenry/core"
import { createApiTokens, type CreateOptions } from "@tokenry/core/promise"
import { SqliteRepository } from "@tokenry/sqlite"
import { requestOf, requirement, scopes } from "../setting.ts"
import { buildSqlite, type Size, sizeOf, verifiable } from "./largeStore.ts"
import { measure, medianOf } from "./measure.ts"
import { atMostTimes, blockOf, eachAtMost, perToken, type Row } from "./report.ts"

type Options = Partial<Pick<CreateOptions<never>, "keyRing" | "usage">>

const open = (filename: string, options: Options = {}) =>
  createApiTokens({
    repository: SqliteRepository.layer({ filename }),
    catalogue: scopes,
    usage: { interval: "1 hour" },
    ...options,
  })

export async function* sqliteRows(folder: string, tokens: number): AsyncGenerator<Row> {
  const now = Date.now()
  const [largeSize, smallSize] = [sizeOf(tokens), sizeOf(1000)]
  const [large, small] = [join(folder, "large.sqlite"), join(folder, "small.sqlite")]
  const start = performance.now()
  await buildSqlite(large, largeSize, now)
  await buildSqlite(small, smallSize, now)
  yield { name: `build of ${tokens} tokens`, goal: "-", figure: `${((performance.now() - start) / 1000).toFixed(0)} s` }

  yield* listRows(large, small, largeSize)
  yield* usageRows(large, largeSize)
  yield* revocationRows(large, small, largeSize)
  yield* sweepRows(large, largeSize)
  yield* conversionRows(large, folder)
}

async function* listRows(large: string, small: string, { dead }: Size): AsyncGenerator<Row> {
  const [many, few] = [await open(large), await open(small)]
  const list = { ownedBy: "hoarder", limit: 20 } as const
  const idle = await measure(() => new Promise((resolve) => setTimeout(resolve, 500)))
  yield { name: "block when idle", goal: "-", figure: `${idle.block.toFixed(1)} ms` }
  for (const state of ["live", "dead", "any"] as const) {
    yield atMostTimes(
      `first page, ${state}, of an owner with ${dead} expired tokens`,
      3,
      await medianOf(20, () => many.list({ ...list, state })),
      await medianOf(20, () => few.list({ ...list, state })),
    )
  }
  await many.close()
  await few.close()
}

async function* usageRows(filename: string, size: Size): AsyncGenerator<Row> {
  for (const count of [5000, 50_000]) {
    const plaintexts = verifiable(size, count)
    if (plaintexts.length < count) continue
    const tokens = await open(filename)
    for (const plaintext of plaintexts) {
      const { accepted } = await tokens.verify(plaintext, requirement)
      if (!accepted) throw new Error("A token of this bench must be accepted")
    }
    const flush = await measure(() => tokens.flush())
    yield { name: `flush of ${count} secrets' uses`, goal: "-", figure: perToken(flush, count) }
    yield blockOf("flush", flush.block)
    await tokens.close()
  }
}

async function* revocationRows(large: string, small: string, { ofApp }: Size): AsyncGenerator<Row> {
  const [many, few] = [await open(large), await open(small)]
  const issued = async (tokens: typeof many, ownedBy: string) => {
    for (let count = 0; count < 10; count++) await tokens.issue({ ...requestOf(count), ownedBy, issuedTo: "app" })
  }
  const revoked = async (tokens: typeof many) => {
    const times: Array<number> = []
    let block = 0
    for (let round = 0; round < 10; round++) {
      const ownedBy = `leaver-${round}`
      await issued(tokens, ownedBy)
      const done = await measure(() => tokens.revokeIssuedTo({ ownedBy, issuedTo: "app" }))
      if (done.result !== 10) throw new Error("Ten tokens were to be revoked")
      times.push(done.milliseconds)
      block = Math.max(block, done.block)
    }
    return { milliseconds: times.toSorted((left, right) => left - right)[5] ?? 0, block }
  }
  const [ofMany, ofFew] = [await revoked(many), await revoked(few)]
  const name = `revokeIssuedTo, 10 tokens of an app with ${ofApp} others`
  yield atMostTimes(name, 2, ofMany.milliseconds, ofFew.milliseconds)
  yield blockOf("revokeIssuedTo", ofMany.block)
  const all = await measure(() => many.revokeAllIssuedTo({ issuedTo: "app" }))
  yield { name: `revokeAllIssuedTo, ${all.result} tokens`, goal: "-", figure: perToken(all, all.result) }
  yield blockOf("revokeAllIssuedTo", all.block)
  await many.close()
  await few.close()
}

async function* sweepRows(filename: string, { old }: Size): AsyncGenerator<Row> {
  const tokens = await open(filename)
  const unused = await measure(() => tokens.revokeUnused({ unusedFor: "340 days" }))
  const name = `revokeUnused, which looked at ${old} tokens and revoked ${unused.result}`
  yield { name, goal: "-", figure: perToken(unused, old) }
  yield blockOf("revokeUnused", unused.block)
  const purge = await measure(() => tokens.purge({ deadFor: "200 days" }))
  yield eachAtMost(`purge of ${purge.result} tokens`, 80, purge, purge.result)
  yield blockOf("purge", purge.block)
  await tokens.close()
}

const sampleMilliseconds = 5000

async function* conversionRows(filename: string, folder: string): AsyncGenerator<Row> {
  const keyRing = KeyRing.make({ keys: { bench: new Uint8Array(32).fill(7) }, active: "bench" })
  const conversion = await measure(async () => {
    const tokens = await open(filename, { keyRing })
    await new Promise((resolve) => setTimeout(resolve, sampleMilliseconds))
    await tokens.close()
  })
  const db = new DatabaseSync(filename)
  const count = Number(db.prepare("SELECT count(*) AS n FROM api_token_secret WHERE key_id = 'bench'").get()?.["n"])
  db.close()
  yield eachAtMost(`key-ring conversion, ${count} tokens in a sample`, 200, conversion, count)
  yield blockOf("conversion", conversion.block)
  yield* diskRows(folder)
}

/** Of tokens that were issued as an application issues them, without an audit sink. */
async function* diskRows(folder: string): AsyncGenerator<Row> {
  const count = 10_000
  const filename = join(folder, "issued.sqlite")
  const tokens = await open(filename)
  for (let index = 0; index < count; index++)
    await tokens.issue({ ...requestOf(index), ownedBy: `user-${index % 1000}` })
  await tokens.close()
  const db = new DatabaseSync(filename)
  const parts = db.prepare("SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY bytes DESC").all()
  db.close()
  yield { name: "file on disk per token", goal: "-", figure: `${(statSync(filename).size / count).toFixed(0)} bytes` }
  for (const { name, bytes } of parts) {
    const each = Number(bytes) / count
    if (each >= 1) yield { name: `  ${String(name)}`, goal: "-", figure: `${each.toFixed(0)} bytes` }
  }
}
