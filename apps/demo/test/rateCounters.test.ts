import { randomUUID } from "node:crypto"
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest"
import type { StoreLocation } from "../src/Configuration.ts"
import { openRateCounters, type RateCounter } from "../src/store/rateCounters.ts"
import { Proxy } from "../../../tools/faulty-network/Proxy.ts"
import { aMongoUrl, mongoAddress, withoutMongodb } from "./mongodb.ts"
import { aPostgresUrl, postgresAddress, withoutPostgres } from "./postgres.ts"

const proxies: Array<Proxy> = []
afterAll(() => Promise.all(proxies.map((proxy) => proxy.refuse())))

const locations: ReadonlyArray<readonly [name: string, location: () => StoreLocation]> = [
  ["memory", () => ({ kind: "memory" })],
  ...(withoutMongodb ? [] : [["mongodb", (): StoreLocation => ({ kind: "mongodb", url: aMongoUrl() })] as const]),
  ...(withoutPostgres ? [] : [["postgres", (): StoreLocation => ({ kind: "postgres", url: aPostgresUrl() })] as const]),
]

const servers = [
  ...(withoutMongodb ? [] : [["mongodb", mongoAddress, aMongoUrl] as const]),
  ...(withoutPostgres ? [] : [["postgres", postgresAddress, aPostgresUrl] as const]),
]

const isAllowed = async (counter: RateCounter, key: string): Promise<boolean | undefined> => {
  const result = await counter.consume(key)
  return result._tag === "Consumed" ? result.allowed : undefined
}

describe.each(locations)("counters in %s", (_name, location) => {
  it("allow no more than the limit of any number at once, and again when the window is over", async () => {
    const counters = await openRateCounters(location(), { windowSeconds: 1 })
    onTestFinished(() => counters.close())
    const counter = counters.counter("test", 3)
    expect(await counter.consume("other")).toEqual({
      _tag: "Consumed",
      allowed: true,
      remaining: 2,
      resetSeconds: 1,
      limit: 3,
      windowSeconds: 1,
    })
    const key = randomUUID()
    const allowed = await Promise.all(Array.from({ length: 10 }, () => isAllowed(counter, key)))
    expect(allowed.filter((is) => is === true).length).toBe(3)
    await vi.waitUntil(() => isAllowed(counter, key), { timeout: 5000, interval: 100 })
  })

  it("take back what turned out to be none", async () => {
    const counters = await openRateCounters(location(), { windowSeconds: 60 })
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
  ])("whose server %s say so within a second, and count again when it is back", async (_fault, begin, end) => {
    const proxy = await Proxy.start(address())
    proxies.push(proxy)
    const counters = await openRateCounters({ kind, url: aUrl(proxy.host) }, { windowSeconds: 60 })
    onTestFinished(() => counters.close())
    const counter = counters.counter("test", 100)
    expect(await isAllowed(counter, "a")).toBe(true)
    await begin(proxy)
    const began = performance.now()
    const results = await Promise.all(Array.from({ length: 20 }, () => counter.consume("a")))
    results.push(await counter.consume("a"))
    expect(performance.now() - began).toBeLessThan(1500)
    expect(new Set(results.map(({ _tag }) => _tag))).toEqual(new Set(["Unavailable"]))
    await end(proxy)
    await vi.waitUntil(() => isAllowed(counter, "a"), { timeout: 15_000, interval: 100 })
  })
})
