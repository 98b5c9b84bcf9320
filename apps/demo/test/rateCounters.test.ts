import { randomUUID } from "node:crypto"
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest"
import { openRateCounters, type RateCounter } from "../src/store/rateCounters.ts"
import { Proxy } from "../../../tools/faulty-network/Proxy.ts"
import { type ALocation, aMongoLocation, aPostgresLocation } from "./demos.ts"
import { aMongoUrl, mongoAddress, withoutMongodb } from "./mongodb.ts"
import { aPostgresUrl, postgresAddress, withoutPostgres } from "./postgres.ts"

const proxies: Array<Proxy> = []
afterAll(() => Promise.all(proxies.map((proxy) => proxy.refuse())))

const locations: ReadonlyArray<readonly [name: string, location: ALocation]> = [
  ["memory", () => ({ kind: "memory" })],
  ...(withoutMongodb ? [] : [["mongodb", aMongoLocation] as const]),
  ...(withoutPostgres ? [] : [["postgres", aPostgresLocation] as const]),
]

const servers = [
  ...(withoutMongodb ? [] : [["mongodb", mongoAddress, aMongoUrl] as const]),
  ...(withoutPostgres ? [] : [["postgres", postgresAddress, aPostgresUrl] as const]),
]

const isAllowed = async (counter: RateCounter, key: string): Promise<boolean | undefined> => {
  const result = await counter.consume(key)
  return result._tag === "Consumed" ? result.allowed : undefined
}

const onError = (cause: unknown) => {
  throw cause
}

describe.each(locations)("counters in %s", (_name, location) => {
  it("allow no more than the limit of any number at once", async () => {
    const counters = await openRateCounters(await location(), {
      windowSeconds: 600,
      onError,
      deadlineMilliseconds: 20_000,
    })
    onTestFinished(() => counters.close())
    const counter = counters.counter("test", 3)
    expect(await counter.consume("other")).toMatchObject({ _tag: "Consumed", allowed: true, remaining: 2, limit: 3 })
    const key = randomUUID()
    const allowed = await Promise.all(Array.from({ length: 10 }, () => isAllowed(counter, key)))
    expect(allowed.filter((is) => is === true).length).toBe(3)
  })

  it("allow again when the window is over", async () => {
    const counters = await openRateCounters(await location(), {
      windowSeconds: 1,
      onError,
      deadlineMilliseconds: 20_000,
    })
    onTestFinished(() => counters.close())
    const counter = counters.counter("test", 1)
    await vi.waitUntil(async () => (await isAllowed(counter, "a")) === false, { timeout: 200_000, interval: 0 })
    await vi.waitUntil(() => isAllowed(counter, "a"), { timeout: 200_000, interval: 100 })
  })

  it("take back what turned out to be none", async () => {
    const counters = await openRateCounters(await location(), {
      windowSeconds: 600,
      onError,
      deadlineMilliseconds: 20_000,
    })
    onTestFinished(() => counters.close())
    const counter = counters.counter("test", 1)
    expect(await isAllowed(counter, "a")).toBe(true)
    await counter.giveBack("a")
    expect(await isAllowed(counter, "a")).toBe(true)
    expect(await isAllowed(counter, "a")).toBe(false)
  })
})

describe.each(servers)("counters in %s", (kind, address, aUrl) => {
  it.each([
    ["refuses connections", (proxy: Proxy) => proxy.refuse(), (proxy: Proxy) => proxy.accept()],
    ["hangs", async (proxy: Proxy) => proxy.hang(), async (proxy: Proxy) => proxy.resume()],
  ])(
    "whose server %s count in memory meanwhile, say so once, and go back when it answers",
    async (_fault, begin, end) => {
      const proxy = await Proxy.start(address())
      proxies.push(proxy)
      const outages: Array<unknown> = []
      const counters = await openRateCounters(
        { kind, url: await aUrl(proxy.host) },
        { windowSeconds: 600, onError: (cause) => outages.push(cause) },
      )
      onTestFinished(() => counters.close())
      const counter = counters.counter("test", 5)
      for (let used = 0; used < 5; used++) expect(await isAllowed(counter, "a")).toBe(true)
      await begin(proxy)
      const results = await Promise.all(Array.from({ length: 20 }, () => isAllowed(counter, "b")))
      expect(results.filter((allowed) => allowed === true)).toHaveLength(5)
      expect(results.filter((allowed) => allowed === false)).toHaveLength(15)
      for (let used = 0; used < 5; used++) await counter.consume("c")
      await counter.giveBack("c")
      expect(await isAllowed(counter, "c")).toBe(true)
      expect(outages).toHaveLength(1)
      await end(proxy)
      // There the key has nothing left, and in memory it would have.
      await vi.waitUntil(async () => (await isAllowed(counter, "a")) === false, { timeout: 200_000, interval: 100 })
    },
  )
})
