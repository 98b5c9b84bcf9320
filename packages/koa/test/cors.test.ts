/** What a page from another origin can do and read in a browser, with `@koa/cors` before `bearer`. */
import { expect, it, onTestFinished } from "@effect/vitest"
import cors from "@koa/cors"
import { type RateLimiter, RateLimits } from "@tokenry/http"
import { bearer, problemDetails } from "@tokenry/koa"
import Koa from "koa"
import { type Answer, listen, openTokens, request, type Scope } from "./server.ts"

const problemBase = "https://api.example.test/problems/"
const readable = ["WWW-Authenticate", "RateLimit", "RateLimit-Policy", "Retry-After", "ETag", "Location"]
const origin = "Origin: https://app.example.test"

/** Allows the first request and no other. */
const oneRequest = (): RateLimiter => {
  let count = 0
  return {
    consume: async () => {
      count += 1
      return {
        _tag: "Consumed",
        allowed: count <= 1,
        remaining: Math.max(0, 1 - count),
        resetSeconds: 50,
        limit: 1,
        windowSeconds: 60,
      }
    },
  }
}

const serve = async () => {
  const tokens = await openTokens()
  const passed: Array<string> = []
  const limits = RateLimits.make({ perToken: oneRequest(), onError: () => {} })
  const guard = bearer({ tokens, realm: "treasures", problemBase, limits })
  const app = new Koa()
    .use(problemDetails({ problemBase }))
    .use(cors({ exposeHeaders: readable, allowHeaders: ["Authorization", "Content-Type", "If-Match"] }))
    .use(guard)
    .use(guard.requireScopes("treasure:read"))
    .use((ctx) => {
      passed.push(ctx.method)
      if (ctx.path === "/teapot") ctx.throw(418, "short and stout")
      ctx.body = "treasures"
    })
  const server = await listen(app)
  onTestFinished(() => server[Symbol.asyncDispose]())
  const issue = async (...scopes: ReadonlyArray<Scope>) =>
    (await tokens.issue({ ownedBy: "user-1", name: "CI", scopes })).plaintext
  return { ...server, passed, issue }
}

/** Expects that the page may read the response and these fields, and that credentials aren't allowed. */
const expectReadable = ({ headers }: Answer, ...fields: ReadonlyArray<string>) => {
  expect(headers["access-control-allow-origin"]).toBe("*")
  expect(headers).not.toHaveProperty("access-control-allow-credentials")
  const exposed = headers["access-control-expose-headers"]?.toLowerCase().split(",") ?? []
  for (const field of fields) {
    expect(exposed).toContain(field)
    expect(headers).toHaveProperty(field)
  }
}

it("a preflight passes without a token, and nothing after it runs (Fetch §4.8)", async () => {
  const { port, passed } = await serve()
  const { status, headers, body } = await request(port, {
    method: "OPTIONS",
    headers: [origin, "Access-Control-Request-Method: PATCH", "Access-Control-Request-Headers: authorization,if-match"],
  })
  expect([status, body]).toEqual([204, ""])
  expect(headers["access-control-allow-origin"]).toBe("*")
  expect(headers["access-control-allow-methods"]?.split(",")).toContain("PATCH")
  // Authorization must be named: a wildcard doesn't cover it.
  expect(headers["access-control-allow-headers"]?.split(",")).toEqual(["Authorization", "Content-Type", "If-Match"])
  expect(headers).not.toHaveProperty("access-control-allow-credentials")
  expect(headers).not.toHaveProperty("www-authenticate")
  expect(passed).toEqual([])
})

it("an OPTIONS request that isn't a preflight needs a token like any other", async () => {
  const { port } = await serve()
  const answer = await request(port, { method: "OPTIONS", headers: [origin] })
  expect(answer.status).toBe(401)
})

it("challenges can be read from another origin, for each reason (RFC 6750 §3)", async () => {
  const { port, issue } = await serve()
  for (const [authorization, status] of [
    [[], 401],
    [["Bearer unknown"], 401],
    [["Bearer"], 400],
    [[`Bearer ${await issue()}`], 403],
  ] as const) {
    const answer = await request(port, { authorization, headers: [origin] })
    expect(answer.status).toBe(status)
    expectReadable(answer, "www-authenticate")
    expect(answer.headers["vary"]).toContain("Origin")
  }
})

it("limits can be read from another origin, even on 429 (draft ratelimit-headers-10 §4)", async () => {
  const { port, issue } = await serve()
  const options = { authorization: [`Bearer ${await issue("treasure:read")}`], headers: [origin] }
  const answer = await request(port, options)
  expect([answer.status, answer.body]).toEqual([200, "treasures"])
  expectReadable(answer, "ratelimit", "ratelimit-policy")
  const refused = await request(port, options)
  expect(refused.status).toBe(429)
  expectReadable(refused, "ratelimit", "ratelimit-policy", "retry-after")
})

it("a thrown error can be read from another origin", async () => {
  const { port, issue } = await serve()
  const authorization = [`Bearer ${await issue("treasure:read")}`]
  const answer = await request(port, { path: "/teapot", authorization, headers: [origin] })
  expect(answer.status).toBe(418)
  expectReadable(answer, "ratelimit")
})
