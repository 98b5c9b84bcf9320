import { describe, expect, it, onTestFinished } from "@effect/vitest"
import { bearer, problemDetails } from "@tokenry/koa"
import { type RateLimiter, RateLimits, type RateLimitsOptions } from "@tokenry/http"
import Koa from "koa"
import { type Answer, listen, openTokens, request } from "./server.ts"

const problemBase = "https://api.example.test/problems/"

/** Counts in windows of 60 seconds that end when the test says so. */
const aRateLimiter = (limit: number) => {
  const counts = new Map<string, number>()
  const consume: RateLimiter["consume"] = async (key) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    const remaining = Math.max(0, limit - count)
    return { _tag: "Consumed", allowed: count <= limit, remaining, resetSeconds: 50, limit, windowSeconds: 60 }
  }
  return { consume, counts, endWindow: () => counts.clear() }
}

const down: RateLimiter = { consume: async () => ({ _tag: "Unavailable", cause: new Error("The limiter is down") }) }

/** A server that returns the caller's owner id, behind this many proxies. */
const serve = async (options: Partial<RateLimitsOptions>, proxies = 0) => {
  const errors: Array<unknown> = []
  const passed: Array<string> = []
  const limits = RateLimits.make({ onError: (cause) => errors.push(cause), ...options })
  const tokens = await openTokens()
  const app = new Koa({ proxy: proxies > 0, maxIpsCount: proxies })
  app
    .use(problemDetails({ problemBase }))
    .use(bearer({ tokens, realm: "treasures", problemBase, limits }))
    .use((ctx) => {
      passed.push(ctx.state.caller.ownedBy)
      ctx.body = ctx.state.caller.ownedBy
    })
  const server = await listen(app)
  onTestFinished(() => server[Symbol.asyncDispose]())
  const issue = async (ownedBy = "user-1") =>
    (await tokens.issue({ ownedBy, name: "CI", scopes: ["treasure:read"] })).plaintext
  const ask = (token: string, ...headers: ReadonlyArray<string>) =>
    request(server.port, { authorization: [`Bearer ${token}`], headers })
  return { ...server, tokens, errors, passed, issue, ask }
}

const statuses = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status)

describe("a token", () => {
  it("sees its limits in each response (draft ratelimit-headers-10 §3 and §4)", async () => {
    const server = await serve({ perToken: aRateLimiter(100), perOwner: aRateLimiter(500) })
    const { status, headers } = await server.ask(await server.issue())
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      "ratelimit-policy": '"default";q=100;w=60, "owner";q=500;w=60',
      ratelimit: '"default";r=99;t=50, "owner";r=499;t=50',
    })
  })

  it("beyond its limit gets 429 with Retry-After, never 401, and nothing else runs (RFC 6585 §4)", async () => {
    const server = await serve({ perToken: aRateLimiter(1) })
    const token = await server.issue()
    await server.ask(token)
    const { status, headers, body } = await server.ask(token)
    expect(status).toBe(429)
    expect(headers).toMatchObject({
      "retry-after": "50",
      "ratelimit-policy": '"default";q=1;w=60',
      ratelimit: '"default";r=0;t=50',
      "cache-control": "no-store",
      vary: "Authorization",
      "content-type": "application/problem+json",
    })
    expect(headers).not.toHaveProperty("www-authenticate")
    expect(JSON.parse(body)).toEqual({
      type: `${problemBase}too-many-requests`,
      title: "Too many requests",
      status: 429,
    })
    expect(server.passed).toEqual(["user-1"])
  })

  it("is allowed again after the window", async () => {
    const perToken = aRateLimiter(1)
    const server = await serve({ perToken })
    const token = await server.issue()
    expect(statuses([await server.ask(token), await server.ask(token)])).toEqual([200, 429])
    perToken.endWindow()
    expect((await server.ask(token)).status).toBe(200)
  })

  it("has a limit of its own, and shares its owner's with the owner's other tokens", async () => {
    const server = await serve({ perToken: aRateLimiter(2), perOwner: aRateLimiter(3) })
    const [one, another, stranger] = [await server.issue(), await server.issue(), await server.issue("user-2")]
    const answers: Array<Answer> = []
    for (const token of [one, one, another, another, stranger]) answers.push(await server.ask(token))
    expect(statuses(answers)).toEqual([200, 200, 200, 429, 200])
  })

  it("keeps its fields on a later error", async () => {
    const tokens = await openTokens()
    const limits = RateLimits.make({ perToken: aRateLimiter(2), onError: () => {} })
    const app = new Koa()
      .use(problemDetails({ problemBase, onError: () => {} }))
      .use(bearer({ tokens, realm: "treasures", problemBase, limits }))
      .use(() => Promise.reject(new Error("A bug")))
    await using server = await listen(app)
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const answer = await request(server.port, { authorization: [`Bearer ${plaintext}`] })
    expect([answer.status, answer.headers["ratelimit"]]).toEqual([500, '"default";r=1;t=50'])
  })
})

describe("a refused token", () => {
  it("that is sent repeatedly doesn't affect other tokens from its address, good or bad", async () => {
    const failedPerAddress = aRateLimiter(3)
    const server = await serve({ failedPerAddress, perToken: aRateLimiter(5) })
    const answers: Array<Answer> = []
    for (let poll = 0; poll < 20; poll++) answers.push(await server.ask("tok_dead"))
    expect(new Set(answers.map(({ bytes }) => bytes)).size).toBe(1)
    expect(answers[0]?.status).toBe(401)
    expect((await server.ask(await server.issue())).status).toBe(200)
    expect((await server.ask("tok_mistyped")).status).toBe(401)
    expect([...failedPerAddress.counts.values()]).toEqual([2])
  })

  it("that is one of too many different ones from an address gets 429; accepted ones don't", async () => {
    const server = await serve({ failedPerAddress: aRateLimiter(2) })
    const answers: Array<Answer> = []
    for (const guess of ["a", "b", "c", "d"]) answers.push(await server.ask(`tok_${guess}`))
    expect(statuses(answers)).toEqual([401, 401, 429, 429])
    expect(answers[3]?.headers).toMatchObject({
      "retry-after": "50",
      "ratelimit-policy": '"failed";q=2;w=60',
      ratelimit: '"failed";r=0;t=50',
      "cache-control": "no-store",
    })
    expect(answers[3]?.headers).not.toHaveProperty("www-authenticate")
    const token = await server.issue()
    for (let request = 0; request < 5; request++) expect((await server.ask(token)).status).toBe(200)
  })

  it("is treated the same whether it is unknown, revoked or expired, even beyond the limit", async () => {
    const server = await serve({ failedPerAddress: aRateLimiter(1) })
    await server.ask("tok_first")
    const { plaintext, token } = await server.tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    await server.tokens.revoke({ id: token.id, ownedBy: "user-1" })
    const [unknown, revoked] = [await server.ask("tok_unknown"), await server.ask(plaintext)]
    expect(unknown.status).toBe(429)
    expect(revoked.bytes).toBe(unknown.bytes)
  })

  it("counts for the address that the proxies saw, whatever the client claims", async () => {
    const failedPerAddress = aRateLimiter(1)
    const server = await serve({ failedPerAddress }, 2)
    const from = (...forwarded: ReadonlyArray<string>) => `X-Forwarded-For: ${forwarded.join(", ")}`
    const proxy = "198.51.100.1"
    const answers = [
      await server.ask("tok_a", from("192.0.2.1", proxy)),
      await server.ask("tok_b", from("203.0.113.9", "192.0.2.1", proxy)),
      await server.ask("tok_c", "X-Forwarded-For: 203.0.113.10", from("192.0.2.1", proxy)),
      await server.ask("tok_d", from("192.0.2.2", proxy)),
    ]
    expect(statuses(answers)).toEqual([401, 429, 429, 401])
    expect([...failedPerAddress.counts.keys()]).toEqual(["address:192.0.2.1", "address:192.0.2.2"])
  })

  it("counts for the socket's address if no proxy is trusted", async () => {
    const failedPerAddress = aRateLimiter(5)
    const server = await serve({ failedPerAddress })
    await server.ask("tok_a", "X-Forwarded-For: 192.0.2.1")
    expect([...failedPerAddress.counts.keys()]).toEqual(["address:127.0.0.1"])
  })
})

describe("a request without a token", () => {
  it("has no limit: it tried nothing", async () => {
    const limiter = aRateLimiter(0)
    const server = await serve({ perToken: limiter, perOwner: limiter, failedPerAddress: limiter })
    for (const authorization of [[], ["Basic eDp5"], ["Bearer"]]) {
      const answer = await request(server.port, { authorization })
      expect([400, 401]).toContain(answer.status)
    }
    expect(limiter.counts.size).toBe(0)
  })
})

describe("a limiter that is down", () => {
  it("lets requests pass without fields, and reports the outage once", async () => {
    const server = await serve({ perToken: down, failedPerAddress: down })
    const token = await server.issue()
    const answers = [await server.ask(token), await server.ask(token), await server.ask("tok_a")]
    expect(statuses(answers)).toEqual([200, 200, 401])
    expect(answers[0]?.headers).not.toHaveProperty("ratelimit")
    expect(server.errors).toEqual([new Error("The limiter is down")])
  })

  it("refuses requests with 503 if so configured", async () => {
    const server = await serve({ perToken: down, whenUnavailable: "refuse" })
    const { status, headers, body } = await server.ask(await server.issue())
    expect([status, headers["retry-after"]]).toEqual([503, "5"])
    expect(body).not.toContain("limiter")
    expect(server.passed).toEqual([])
  })
})

describe("a route that requires scopes", () => {
  it("counts once, whether or not the guard has run before", async () => {
    const tokens = await openTokens()
    const perToken = aRateLimiter(10)
    const guard = bearer({ tokens, realm: "treasures", limits: RateLimits.make({ perToken, onError: () => {} }) })
    const scoped = guard.requireScopes("treasure:read")
    const app = new Koa()
      .use((ctx, next) => (ctx.path === "/guarded" ? guard(ctx, next) : next()))
      .use(scoped)
      .use((ctx) => {
        ctx.body = "treasures"
      })
    await using server = await listen(app)
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
    for (const path of ["/guarded", "/"]) {
      await request(server.port, { path, authorization: [`Bearer ${plaintext}`] })
    }
    expect([...perToken.counts.values()]).toEqual([2])
  })
})
