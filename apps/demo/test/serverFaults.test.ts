import { afterEach, describe, expect, it, vi } from "vitest"
import { Client } from "./Client.ts"
import { type DemoProcess, endAll, startDemoProcess } from "./demoProcess.ts"
import { expectSoundness } from "./expectSoundness.ts"
import { freePort } from "../../../tools/freePort.ts"
import { Load } from "./Load.ts"
import { type Address, Proxy } from "../../../tools/faulty-network/Proxy.ts"
import { aMongoUrl, mongoAddress, withoutMongodb } from "./mongodb.ts"
import { aPostgresUrl, postgresAddress, withoutPostgres } from "./postgres.ts"

const proxies: Array<Proxy> = []
const aProxy = async (server: Address, port = 0): Promise<Proxy> => {
  const proxy = await Proxy.start(server, port)
  proxies.push(proxy)
  return proxy
}

afterEach(async () => {
  await endAll()
  for (const proxy of proxies.splice(0)) await proxy.refuse()
})

const until = (holds: () => boolean | Promise<boolean>) => vi.waitUntil(holds, { timeout: 200_000, interval: 50 })

const statusOf = async (demo: DemoProcess, path: string) => (await new Client(demo.url).get(path)).status

interface Fault {
  readonly fault: string
  readonly begin: (proxy: Proxy) => void | Promise<void>
  readonly end: (proxy: Proxy) => void | Promise<void>
}

const outages: ReadonlyArray<Fault> = [
  { fault: "refuses and cuts connections", begin: (proxy) => proxy.refuse(), end: (proxy) => proxy.accept() },
  { fault: "hangs", begin: (proxy) => proxy.hang(), end: (proxy) => proxy.resume() },
  {
    fault: "breaks off in mid-answer",
    begin: (proxy) => proxy.cutAnswers(true),
    end: (proxy) => proxy.cutAnswers(false),
  },
  {
    fault: "takes longer than the deadlines",
    begin: (proxy) => proxy.slowDown(6000),
    end: (proxy) => proxy.slowDown(0),
  },
]

/** The servers that there are. What is skipped, the run's summary says. */
const servers = [
  ...(withoutMongodb ? [] : [["MongoDB", mongoAddress, aMongoUrl] as const]),
  ...(withoutPostgres ? [] : [["PostgreSQL", postgresAddress, aPostgresUrl] as const]),
]

describe.each(servers)("a %s", (_name, address, aUrl) => {
  it.each(outages)(
    "that $fault is a 503 within the deadline and no 401; all goes on by itself, and nothing acknowledged is lost",
    async ({ begin, end }) => {
      const proxy = await aProxy(address())
      const demo = await startDemoProcess({ STORE_URL: await aUrl(proxy.host) })
      const load = await Load.on(demo.url)
      await until(() => load.count("issue", 201) >= 20 && load.count("verify", 200) >= 20)

      await begin(proxy)
      await until(() => load.count("issue", 503) >= 2 && load.count("verify", 503) >= 4)
      expect(await statusOf(demo, "/readyz")).toBe(503)
      expect(await statusOf(demo, "/healthz")).toBe(200)

      await end(proxy)
      const mark = load.outcomes.length
      await until(
        async () =>
          load.count("issue", 201, mark) >= 5 &&
          load.count("verify", 200, mark) >= 5 &&
          (await statusOf(demo, "/readyz")) === 200,
      )
      await load.stop()
      await expectSoundness(load, demo)
    },
  )

  it("that is slow makes answers slow, and no outage", async () => {
    const proxy = await aProxy(address())
    const demo = await startDemoProcess({ STORE_URL: await aUrl(proxy.host) })
    const load = await Load.on(demo.url)
    await until(() => load.count("issue", 201) >= 5)
    proxy.slowDown(100)
    const mark = load.outcomes.length
    await until(() => load.count("issue", 201, mark) >= 10 && load.count("verify", 200, mark) >= 10)
    expect(await statusOf(demo, "/readyz")).toBe(200)
    proxy.slowDown(0)
    await load.stop()
    expect(load.outcomes.filter(({ status }) => status === 503)).toEqual([])
    await expectSoundness(load, demo)
  })

  it("that comes later is waited for: alive but not ready, and then all is served", async () => {
    const port = await freePort()
    const store = { STORE_URL: await aUrl(`127.0.0.1:${port}`) }
    const demo = await startDemoProcess(store, /waiting for its store/)
    expect(await statusOf(demo, "/healthz")).toBe(200)
    expect(await statusOf(demo, "/readyz")).toBe(503)
    const answer = await new Client(demo.url).withToken("tcp_x").get("/api/treasures")
    expect(answer).toMatchObject({ status: 503, body: { type: `${demo.url}/problems/store-unavailable` } })
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json")
    expect(answer.headers.get("Retry-After")).toMatch(/^\d+$/)

    await aProxy(address(), port)
    await until(async () => (await statusOf(demo, "/readyz")) === 200)
    expect(demo.output().match(/waiting for its store/g)).toHaveLength(1)
    await until(() => demo.output().includes("curl"))
    const owner = await Client.signedIn(demo.url, "owner")
    expect((await owner.get("/api/treasures")).body.items).toHaveLength(3)
    expect(await demo.end()).toBe(0)
  })
})

it.each(["mongodb", "postgres"])(
  "a demo that waits for its %s can be stopped, and tells no password",
  async (scheme) => {
    const url = `${scheme}://somebody:hidden@127.0.0.1:${await freePort()}/treasures?appName=secret`
    const demo = await startDemoProcess({ STORE_URL: url }, /waiting for its store/)
    expect(demo.output()).toContain(`${scheme}://127.0.0.1`)
    expect(demo.output()).not.toMatch(/hidden|somebody|secret/)
    expect(await demo.end()).toBe(0)
  },
)
