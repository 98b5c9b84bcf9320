/** How much memory one entry takes: in the cache, in the store in memory, among the uses that are gathered. */
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import type { Measure } from "../families.ts"
import { cacheOf, manyTokens } from "../manyTokens.ts"
import { verifying } from "../ours.ts"
import type { Goal, Row } from "../Row.ts"
import { headerOf, issue, many, ownerOf, requestOf, scopes } from "../setting.ts"

export const measure: Measure = async (_, variant) => {
  if (variant === "cached") return measureCached()
  return variant === "stored" ? measureStored() : measureUsed()
}

const measureCached = async (): Promise<ReadonlyArray<Row>> => {
  const { headers, owners } = manyTokens(many)
  return grown("bytes of heap per cached token", many, { atMost: 300 }, async () => {
    const tokens = await cacheOf(many)
    await verifying(tokens).accepting(headers, owners)(many)
    return tokens
  })
}

const measureStored = async (): Promise<ReadonlyArray<Row>> =>
  grown("bytes of heap per token in the memory store", many, { atMost: 700 }, async () => {
    const tokens = await openInMemory()
    for (let index = 0; index < many; index++) await tokens.issue(requestOf(index))
    return tokens
  })

const measureUsed = async (): Promise<ReadonlyArray<Row>> => {
  // As many as are gathered by default.
  const count = 50_000
  const tokens = await openInMemory()
  const headers = await headersOf(tokens, count)
  const owners = headers.map((_, index) => ownerOf(index))
  return grown("bytes of heap per gathered use", count, { atMost: 200 }, async () => {
    await verifying(tokens).accepting(headers, owners)(count)
    return tokens
  })
}

/** A separate function, so only the headers of the issued tokens stay in memory. */
const headersOf = async (tokens: Awaited<ReturnType<typeof openInMemory>>, count: number) =>
  (await issue(tokens, count)).plaintexts.map(headerOf)

/** Writes no uses while it is measured. */
const openInMemory = () =>
  createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes, usage: { interval: "1 day" } })

/** What `count` entries add to JavaScript's heap, and to the typed arrays beside it. */
const grown = async (
  what: string,
  count: number,
  goal: Goal,
  fill: () => Promise<{ readonly close: () => Promise<void> }>,
): Promise<ReadonlyArray<Row>> => {
  const before = used()
  const filled = await fill()
  const after = used()
  await filled.close()
  const arrays = Math.round((after.arrays - before.arrays) / count)
  const detail = `and ${arrays} bytes in typed arrays beside the heap; ${count.toLocaleString("en")} entries`
  return [{ what, value: (after.heap - before.heap) / count, unit: "bytes", goal, detail }]
}

const used = () => {
  for (let time = 0; time < 3; time++) globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { heap: heapUsed, arrays: arrayBuffers }
}
