import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { Dpop } from "@tokenry/dpop"
import Koa from "koa"
import { afterEach, describe, expect, it, onTestFinished } from "vitest"
import type { Configuration } from "../src/Configuration.ts"
import { makeApp } from "../src/app.ts"
import type { Demo } from "../src/Demo.ts"
import { guardOf } from "../src/http/guard.ts"
import { makeLog } from "../src/http/logging.ts"
import { limited } from "../src/http/rateLimits.ts"
import { openSigningKeys } from "../src/oauth/signingKeys.ts"
import { openRateCounters } from "../src/store/rateCounters.ts"
import { type Answer, Client, credentialsOf } from "./Client.ts"
import { endAll, startDemoProcess } from "./demoProcess.ts"
import { demoOn } from "./demos.ts"
import { aMongoUrl, withoutMongodb } from "./mongodb.ts"

afterEach(endAll)

const aDemo = async (configuration: Partial<Configuration> = {}) => {
  const demo = await demoOn({ kind: "memory" }, { rateLimit: 3, ...configuration })
  onTestFinished(() => demo.stop())
  return demo
}

const repeat = async (times: number, request: (index: number) => Promise<Answer>): Promise<ReadonlyArray<Answer>> => {
  const answers: Array<Answer> = []
  for (let index = 0; index < times; index++) answers.push(await request(index))
  return answers
}

const statuses = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status)

/** A program with a token that was issued without a request. */
const programOf = async ({ publicUrl, store, tokens }: Demo, email: string): Promise<Client> => {
  const account = await store.accounts.findByEmail(email)
  const { plaintext } = await tokens.issue({ ownedBy: account?.id ?? "", name: "test", scopes: ["treasure:read"] })
  return new Client(publicUrl).withToken(plaintext)
}

describe("a token of the demo", () => {
  it("may call as often as RATE_LIMIT says, sees its limit, and then gets 429 (RFC 6585 §4)", async () => {
    const demo = await aDemo()
    const program = await programOf(demo, "owner@example.test")
    const answers = await repeat(4, () => program.get("/api/treasures"))
    expect(statuses(answers)).toEqual([200, 200, 200, 429])
    const [first] = answers
    expect(first?.headers.get("RateLimit-Policy")).toBe('"default";q=3;w=60, "owner";q=15;w=60')
    expect(first?.headers.get("RateLimit")).toBe('"default";r=2;t=60, "owner";r=14;t=60')
    const last = answers.at(-1)
    expect(last?.body).toMatchObject({ type: `${demo.publicUrl}/problems/too-many-requests`, status: 429 })
    expect(last?.headers.get("RateLimit")).toMatch(/^"default";r=0;t=\d+$/)
    expect(Number(last?.headers.get("Retry-After"))).toBeGreaterThan(0)
    expect(last?.headers.get("Cache-Control")).toBe("no-store")
    expect(last?.headers.has("WWW-Authenticate")).toBe(false)
    expect((await new Client(demo.publicUrl).get("/problems/too-many-requests")).body).toContain("429")
  })

  it("shares a limit five times as high with its owner's other tokens, and with nobody else's", async () => {
    const demo = await aDemo({ rateLimit: 2 })
    const programs: Array<Client> = []
    for (let count = 0; count < 6; count++) programs.push(await programOf(demo, "owner@example.test"))
    const answers = await repeat(11, (index) => (programs[Math.floor(index / 2)] as Client).get("/api/me"))
    expect(statuses(answers)).toEqual([...Array.from({ length: 10 }, () => 200), 429])
    expect(answers.at(-1)?.headers.get("RateLimit")).toMatch(/"owner";r=0;t=\d+$/)
    const stranger = await programOf(demo, "other@example.test")
    expect((await stranger.get("/api/me")).status).toBe(200)
  })

  it("that runs wild doesn't keep its owner from signing in and revoking it", async () => {
    const demo = await aDemo({ rateLimit: 5 })
    const owner = await Client.signedIn(demo.publicUrl, "owner")
    const { plaintext, token } = await owner.issue()
    const answers = await repeat(8, () => owner.withToken(plaintext).get("/api/me"))
    expect(statuses(answers).slice(5)).toEqual([429, 429, 429])
    expect((await owner.delete(`/api/tokens/${token.id}`)).status).toBe(204)
  })
})

describe("a session of the demo", () => {
  it("shares its account's limit, and other accounts aren't affected", async () => {
    const demo = await aDemo()
    const one = await Client.signedIn(demo.publicUrl, "owner")
    const two = await Client.signedIn(demo.publicUrl, "owner")
    const answers = await repeat(4, (index) => (index % 2 === 0 ? one : two).get("/api/me"))
    expect(statuses(answers)).toEqual([200, 200, 200, 429])
    expect((await (await Client.signedIn(demo.publicUrl, "other")).get("/api/me")).status).toBe(200)
  })
})

describe("a dead token at the demo", () => {
  it("that is sent repeatedly doesn't affect others behind its address", async () => {
    const demo = await aDemo()
    const program = await programOf(demo, "owner@example.test")
    const dead = new Client(demo.publicUrl).withToken("tcp_dead")
    expect(new Set(statuses(await repeat(20, () => dead.get("/api/me"))))).toEqual(new Set([401]))
    expect((await program.get("/api/me")).status).toBe(200)
    expect((await new Client(demo.publicUrl).withToken("tcp_mistyped").get("/api/me")).status).toBe(401)
  })

  it("gets 429 after too many different ones, on any route, while good ones are accepted", async () => {
    const demo = await aDemo()
    const guess = (index: number) => {
      const client = new Client(demo.publicUrl).withToken(`tcp_guess${index}`)
      return index % 2 === 0 ? client.get("/api/me") : client.get("/api/treasures")
    }
    expect(statuses(await repeat(5, guess))).toEqual([401, 401, 401, 429, 429])
    expect((await (await programOf(demo, "owner@example.test")).get("/api/me")).status).toBe(200)
  })
})

/** Until the test ends; where it listens. */
const listening = async (app: Koa): Promise<string> => {
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const memoryCounters = () => openRateCounters({ kind: "memory" }, { windowSeconds: 60, onError: fail })

const problemBase = "http://127.0.0.1/problems/"

describe("signing in to the demo", () => {
  it("gets 429 after too many failures, whether or not the account exists", async () => {
    const { store, tokens } = await aDemo()
    const failedSignIns = { perAccount: 2, perAddress: 10 }
    const rateLimits = limited({
      problemBase,
      limit: 1,
      failedSignIns,
      counters: await memoryCounters(),
      onError: fail,
    })
    const publicUrl = "http://127.0.0.1"
    const dpop = Dpop.make({ baseUrl: publicUrl })
    const guard = guardOf({ tokens, publicUrl, limits: rateLimits.ofTokens, dpop })
    const jwts = { keys: await openSigningKeys(undefined), audiences: [] }
    const services = { store, tokens, guard, dpop, rateLimits, publicUrl, trustedProxies: 0, jwts }
    const client = new Client(await listening(makeApp(services, makeLog({ level: "off", write: fail }))))
    const tellings: Array<unknown> = []
    for (const account of ["owner", "nobody", "deactivated"]) {
      const { email, password } = credentialsOf(account)
      const answers = await repeat(3, (attempt) =>
        client.post("/api/session", { email, password: attempt < 2 ? "wrong" : password }),
      )
      expect(statuses(answers)).toEqual([401, 401, 429])
      const last = answers.at(-1)
      expect(Number(last?.headers.get("Retry-After"))).toBeGreaterThan(0)
      expect(last?.headers.get("Cache-Control")).toBe("no-store")
      tellings.push({ body: last?.body, policy: last?.headers.get("RateLimit-Policy") })
    }
    expect(tellings[1]).toEqual(tellings[0])
    expect(tellings[2]).toEqual(tellings[0])
    expect((await client.post("/api/session", credentialsOf("other"))).status).toBe(204)
  })
})

const fail = (error: unknown) => {
  throw error
}

describe("RATE_LIMIT=off", () => {
  it("keeps the limit on attempts to sign in, and lifts all others", async () => {
    const demo = await aDemo({ rateLimit: "off" })
    const client = new Client(demo.publicUrl)
    const attempt = () => client.post("/api/session", { email: "owner@example.test", password: "x".repeat(1000) })
    const answers = await Promise.all(Array.from({ length: 31 }, attempt))
    expect(statuses(answers).filter((status) => status === 429)).toHaveLength(1)
    const program = await programOf(demo, "owner@example.test")
    expect(new Set(statuses(await repeat(20, () => program.get("/api/me"))))).toEqual(new Set([200]))
    expect((await program.get("/api/me")).headers.has("RateLimit")).toBe(false)
    const revoke = () => client.send("POST", "/oauth/revoke", "token=tcp_wrong", form)
    expect(new Set(statuses(await repeat(20, revoke)))).toEqual(new Set([200]))
  })
})

const form = "application/x-www-form-urlencoded"

describe("revoking by plaintext at the demo", () => {
  it("gives 429 to an address that tries too often, whichever tokens it sends (RFC 7009 §5)", async () => {
    const demo = await aDemo()
    const ownedBy = (await demo.store.accounts.findByEmail("owner@example.test"))?.id ?? ""
    const { plaintext, token } = await demo.tokens.issue({ ownedBy, name: "test", scopes: [] })
    const client = new Client(demo.publicUrl)
    const revoke = (token: string) =>
      client.send("POST", "/oauth/revoke", new URLSearchParams({ token }).toString(), form)
    const answers = await repeat(4, (index) => revoke(`tcp_guess${index}`))
    expect(statuses(answers)).toEqual([200, 200, 200, 429])
    expect(Number(answers.at(-1)?.headers.get("Retry-After"))).toBeGreaterThan(0)
    expect((await revoke(plaintext)).status).toBe(429)
    expect((await demo.tokens.find({ id: token.id, ownedBy })).revokedAt).toBe(null)
    // It has a limit of its own.
    expect((await (await programOf(demo, "owner@example.test")).get("/api/me")).status).toBe(200)
  })
})

describe("attempts to sign in", () => {
  /** Behind one proxy: the address in the path comes from there. `right` is the right password. */
  const aDoor = async () => {
    const rateLimits = limited({ problemBase, limit: 1, counters: await memoryCounters(), onError: fail })
    const app = new Koa({ proxy: true, maxIpsCount: 1 }).use(async (ctx) => {
      const { email, password } = ctx.query
      if (typeof email !== "string" || !(await rateLimits.maySignIn(ctx, email))) return
      if (password === "right") await rateLimits.signedIn(ctx, email)
      ctx.status = password === "right" ? 204 : 401
    })
    const url = await listening(app)
    return async (address: string, email: string, password = "wrong", times = 1) => {
      const client = new Client(url, { "X-Forwarded-For": `203.0.113.7, ${address}` })
      const path = `/?${new URLSearchParams({ email, password })}`
      return new Set(statuses(await repeat(times, () => client.get(path))))
    }
  }

  it("cost nothing when they succeed", async () => {
    const attempt = await aDoor()
    expect(await attempt("192.0.2.1", "a@example.test", "right", 200)).toEqual(new Set([204]))
  })

  it("are counted for an account whatever the case of its address, and not for others", async () => {
    const attempt = await aDoor()
    expect(await attempt("192.0.2.1", "a@example.test", "wrong", 30)).toEqual(new Set([401]))
    expect(await attempt("192.0.2.1", "A@example.TEST", "right")).toEqual(new Set([429]))
    expect(await attempt("192.0.2.1", "b@example.test", "right")).toEqual(new Set([204]))
  })

  it("lock out nobody at another address", async () => {
    const attempt = await aDoor()
    await attempt("192.0.2.1", "a@example.test", "wrong", 40)
    expect(await attempt("192.0.2.2", "a@example.test", "right")).toEqual(new Set([204]))
  })

  it("are counted per address, whatever port a proxy writes, and per IPv6 network", async () => {
    const attempt = await aDoor()
    for (let port = 1; port <= 30; port++) await attempt(`203.0.113.7:${50_000 + port}`, "a@example.test")
    expect(await attempt("203.0.113.7", "a@example.test", "right")).toEqual(new Set([429]))
    for (let host = 1; host <= 30; host++) await attempt(`[2001:db8::${host}]:443`, "a@example.test")
    expect(await attempt("2001:db8::ffff%eth0", "a@example.test", "right")).toEqual(new Set([429]))
    expect(await attempt("2001:db8:0:1::1", "a@example.test", "right")).toEqual(new Set([204]))
  })

  it("at 120 accounts stop all from their address", async () => {
    const attempt = await aDoor()
    for (let account = 0; account < 120; account++) {
      expect(await attempt("192.0.2.1", `${account}@example.test`)).toEqual(new Set([401]))
    }
    expect(await attempt("192.0.2.1", "a@example.test", "right")).toEqual(new Set([429]))
    expect(await attempt("192.0.2.2", "a@example.test", "right")).toEqual(new Set([204]))
  })
})

describe("the client's address", () => {
  const addressAfter = async (trustedProxies: number, forwarded: string): Promise<unknown> => {
    const demo = await aDemo({ rateLimit: "off", trustedProxies })
    const owner = await Client.signedIn(demo.publicUrl, "owner")
    const { token } = await owner.withHeaders({ "X-Forwarded-For": forwarded }).issue()
    const account = await demo.store.accounts.findByEmail("owner@example.test")
    const { history } = await demo.tokens.find({ id: token.id, ownedBy: account?.id ?? "" })
    return history[0]?.origin?.address
  }

  it.each([
    ["the socket's, without proxies", 0, "203.0.113.9", "127.0.0.1"],
    ["the last entry, behind one", 1, "203.0.113.9, 192.0.2.1", "192.0.2.1"],
    ["the last but one, behind two", 2, "203.0.113.9, 192.0.2.1, 198.51.100.1", "192.0.2.1"],
  ])("is %s", async (_what, trustedProxies, forwarded, expected) => {
    expect(await addressAfter(trustedProxies, forwarded)).toBe(expected)
  })
})

describe.skipIf(withoutMongodb)("with MongoDB", () => {
  it("two processes count together, and a restart forgets nothing", async () => {
    const environment = { STORE_URL: aMongoUrl(), RATE_LIMIT: "4" }
    const [one, two] = [await startDemoProcess(environment), await startDemoProcess(environment)]
    const owner = await Client.signedIn(one.url, "owner")
    const { plaintext } = await owner.issue()
    const ask = (url: string) => new Client(url).withToken(plaintext).get("/api/treasures")
    const answers = await repeat(6, (index) => ask(index % 2 === 0 ? one.url : two.url))
    expect(statuses(answers)).toEqual([200, 200, 200, 200, 429, 429])
    expect(await one.end()).toBe(0)
    const again = await startDemoProcess(environment)
    expect((await ask(again.url)).status).toBe(429)
  })
})
