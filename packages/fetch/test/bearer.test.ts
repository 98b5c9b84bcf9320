import { describe, expect, expectTypeOf, it, vi } from "@effect/vitest"
import { MemoryRepository, RepositoryUnavailable, RevisionConflict } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import type { Caller } from "@tokenry/core/promise"
import { type Denial, type RateLimiter, RateLimits } from "@tokenry/http"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { bearer, type BearerOptions } from "@tokenry/fetch"
import { address, issue, openTokens, problemBase, realm, requestWith, type Scope, tokensThat } from "./tokens.ts"

const guard = (tokens: BearerOptions<Scope>["tokens"], options: Partial<BearerOptions<Scope>> = {}) =>
  bearer({ tokens, realm, problemBase, ...options })

/** Counts in one window that never ends. */
const aLimiter = (limit: number) => {
  const counts = new Map<string, number>()
  const consume: RateLimiter["consume"] = async (key) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    const remaining = Math.max(0, limit - count)
    return { _tag: "Consumed", allowed: count <= limit, remaining, resetSeconds: 50, limit, windowSeconds: 60 }
  }
  return { consume, counts }
}

const limitsOf = (limiters: Omit<Parameters<typeof RateLimits.make>[0], "onError">) =>
  RateLimits.make({ ...limiters, onError: () => {} })

/** How many scope checks were granted or failed so far, in this process. */
const authorizations = () =>
  Effect.runSync(
    Effect.map(Metric.snapshot, (series) =>
      Object.fromEntries(
        series
          .filter(({ id }) => id === "tokenry.authorizations")
          .map(({ attributes, state }) => [attributes?.["outcome"], "count" in state ? Number(state.count) : 0]),
      ),
    ),
  )

const greet = (_request: Request, { ownedBy }: Caller) => new Response(ownedBy)

describe("authenticate", () => {
  it("returns the caller", async () => {
    const tokens = await openTokens()
    const { authenticate } = guard(tokens)
    const passage = await authenticate(requestWith(await issue(tokens, "treasure:edit")), ["treasure:read"])
    expect(passage).toMatchObject({ caller: { ownedBy: "user-1", scopes: ["treasure:edit", "treasure:read"] } })
  })

  it("returns the complete response that denies the request", async () => {
    const { authenticate } = guard(await openTokens())
    const response = await authenticate(new Request(address))
    expect(response).toBeInstanceOf(Response)
    expect(response).toMatchObject({ status: 401 })
  })

  it("finishes a response with what caches need (RFC 9110 §12.5.5)", async () => {
    const tokens = await openTokens()
    const passage = await guard(tokens).authenticate(requestWith(await issue(tokens)))
    if (passage instanceof Response) throw new Error("The token is not accepted")
    expect(passage.finish(new Response("x")).headers.get("Vary")).toBe("Authorization")
  })

  it("returns the denial for a caller who lacks a scope, with the limits' fields", async () => {
    const tokens = await openTokens()
    const { authenticate } = guard(tokens, { limits: limitsOf({ perToken: aLimiter(5) }) })
    const denied = await authenticate(requestWith(await issue(tokens, "treasure:read")), ["treasure:delete"])
    if (!(denied instanceof Response)) throw new Error("It was let through")
    expect([denied.status, denied.headers.get("RateLimit")]).toEqual([403, '"default";r=4;t=50'])
    expect(denied.headers.get("WWW-Authenticate")).toContain('scope="treasure:delete"')
  })
})

describe("authorize", () => {
  it("returns the denial for a caller who lacks a scope, and nothing otherwise", async () => {
    const tokens = await openTokens()
    const { authenticate, authorize } = guard(tokens)
    const request = requestWith(await issue(tokens, "treasure:edit"))
    const passage = await authenticate(request)
    if (passage instanceof Response) throw new Error("The token is not accepted")
    expect(await authorize(request, passage.caller, ["treasure:read"])).toBeUndefined()
    const denied = await authorize(request, passage.caller, ["treasure:read", "treasure:delete"])
    expect(denied?.status).toBe(403)
    expect(denied?.headers.get("WWW-Authenticate")).toContain('scope="treasure:read treasure:delete"')
  })
})

describe("protect and requireScopes", () => {
  it("runs the handler with the request, the caller and whatever the runtime adds", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens).protect((request: Request, { ownedBy }, env: { readonly id: number }) => {
      return Response.json([request.url, ownedBy, env.id])
    })
    expectTypeOf(handler).parameters.toEqualTypeOf<[Request, { readonly id: number }]>()
    const response = await handler(requestWith(await issue(tokens)), { id: 7 })
    expect(await response.json()).toEqual([address, "user-1", 7])
  })

  it("doesn't run it for a caller who lacks one of the scopes (RFC 6750 §3.1)", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens).requireScopes("treasure:read", "treasure:delete")(() => new Response("passed"))
    const response = await handler(requestWith(await issue(tokens, "treasure:edit")))
    expect(response.status).toBe(403)
    expect(response.headers.get("WWW-Authenticate")).toContain('scope="treasure:read treasure:delete"')
    expect(await response.json()).toMatchObject({ scopes: ["treasure:read", "treasure:delete"] })
  })

  it("counts a 403 in the metrics as a missing scope, and no other request", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens).requireScopes("treasure:delete")(greet)
    const before = authorizations()
    await handler(requestWith(await issue(tokens, "treasure:edit")))
    await handler(requestWith(await issue(tokens, "treasure:delete")))
    await handler(requestWith(await issue(tokens)))
    const after = authorizations()
    const grown = Object.keys(after).map((outcome) => [outcome, (after[outcome] ?? 0) - (before[outcome] ?? 0)])
    expect(Object.fromEntries(grown)).toEqual({ granted: 1, InsufficientScope: 2 })
  })

  it("records which scopes were used", async () => {
    const tokens = await openTokens()
    const token = await issue(tokens, "treasure:edit", "treasure:delete")
    await guard(tokens).requireScopes("treasure:read", "treasure:delete")(greet)(requestWith(token))
    const { items } = await tokens.list({ ownedBy: "user-1" })
    expect(await tokens.usageOf(items)).toMatchObject([{ unusedScopes: ["treasure:edit"] }])
  })

  it.each<[what: string, response: () => Response, vary: string]>([
    ["of its own", () => new Response("x", { headers: { Vary: "Origin" } }), "Origin, Authorization"],
    ["that has it", () => new Response("x", { headers: { Vary: "Origin, AUTHORIZATION" } }), "Origin, AUTHORIZATION"],
    ["of none", () => new Response("x"), "Authorization"],
    ["of everything", () => new Response("x", { headers: { Vary: "*" } }), "*"],
    ["of none, with headers that can't be changed", () => Response.redirect(address), "Authorization"],
  ])("adds to a Vary %s (RFC 9110 §12.5.5)", async (_what, response, vary) => {
    const tokens = await openTokens()
    const answered = await guard(tokens).protect(response)(requestWith(await issue(tokens)))
    expect(answered.headers.get("Vary")).toBe(vary)
    expect(answered.status).toBe(response().status)
  })

  it("refuses, when made, no scope and undeclared scopes", async () => {
    const { requireScopes } = guard(await openTokens())
    expect(() => requireScopes()).toThrow("requireScopes: name at least one scope")
    // @ts-expect-error Not a declared scope.
    const requiring = () => requireScopes("treasure:read", "treasure:edti")
    expect(requiring).toThrow('requireScopes: "treasure:edti" must be a declared scope; did you mean treasure:edit?')
  })

  it("leaves the handler's errors to the code around it", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens).protect(() => Promise.reject(new Error("lost")))
    await expect(handler(requestWith(await issue(tokens)))).rejects.toThrow("lost")
  })
})

describe("bearer reads", () => {
  it("no body, however long it is, before it answers", async () => {
    const { authenticate } = guard(await openTokens())
    let pulls = 0
    const body = new ReadableStream({ pull: () => void pulls++ }, { highWaterMark: 0 })
    const init = { method: "POST", body, duplex: "half" } as const
    expect(await authenticate(new Request(address, init))).toMatchObject({ status: 401 })
    expect(pulls).toBe(0)
  })

  it("neither of two headers, which Headers joins (RFC 9110 §5.3)", async () => {
    const tokens = await openTokens()
    const request = requestWith(await issue(tokens))
    request.headers.append("Authorization", `Bearer ${await issue(tokens)}`)
    expect(await guard(tokens).authenticate(request)).toMatchObject({ status: 400 })
  })

  it.each<[what: string, headers: (token: string) => Record<string, string>, status: number]>([
    ["another header that is named", (token) => ({ "X-API-Key": token }), 200],
    ["Authorization beside it", (token) => ({ Authorization: `Bearer ${token}` }), 200],
    ["neither of both", (token) => ({ "X-API-Key": token, Authorization: `Bearer ${token}` }), 400],
    ["no key beside a foreign Authorization", (token) => ({ "X-API-Key": token, Authorization: "Basic abc" }), 400],
    ["no two keys, which Headers joins", (token) => ({ "X-API-Key": `${token}, ${token}` }), 400],
    [
      "no credentials of two schemes, which Headers joins",
      (token) => ({ Authorization: `Basic abc, Bearer ${token}` }),
      400,
    ],
    ["nothing of another scheme", () => ({ Authorization: 'Digest username="a, b", realm="c"' }), 401],
  ])("%s", async (_what, headersWith, status) => {
    const tokens = await openTokens()
    const handler = guard(tokens, { from: { header: "X-API-Key" } }).protect(greet)
    const response = await handler(new Request(address, { headers: headersWith(await issue(tokens)) }))
    expect([response.status, response.headers.get("Vary")]).toEqual([status, "Authorization, X-API-Key"])
  })
})

describe("limits", () => {
  it("on failed attempts need the client's address, or the guard can't be made", async () => {
    const tokens = await openTokens()
    const limits = limitsOf({ failedPerAddress: aLimiter(1) })
    expect(() => guard(tokens, { limits })).toThrow("limits.failedPerAddress needs addressOf")
    expect(() => guard(tokens, { limits: limitsOf({ perToken: aLimiter(1) }) })).not.toThrow()
  })

  it("on failed attempts count by the address that addressOf returns", async () => {
    const tokens = await openTokens()
    const failedPerAddress = aLimiter(1)
    const handler = guard(tokens, {
      limits: limitsOf({ failedPerAddress }),
      addressOf: (_request, info) => (info as { readonly ip: string }).ip,
    }).protect((_request: Request, { ownedBy }, _info: { readonly ip: string }) => new Response(ownedBy))
    const statuses: Array<number> = []
    for (const [token, ip] of [
      ["a", "192.0.2.1"],
      ["b", "192.0.2.1"],
      ["b", "192.0.2.2"],
    ] as const) {
      statuses.push((await handler(requestWith(token), { ip })).status)
    }
    statuses.push((await handler(requestWith(await issue(tokens)), { ip: "192.0.2.1" })).status)
    expect(statuses).toEqual([401, 429, 401, 200])
    expect([...failedPerAddress.counts.keys()]).toEqual(["address:192.0.2.1", "address:192.0.2.2"])
  })

  it("put their fields on the response, and answer one request too many with 429", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens, { limits: limitsOf({ perToken: aLimiter(1) }) }).protect(greet)
    const token = await issue(tokens)
    const [first, second] = [await handler(requestWith(token)), await handler(requestWith(token))]
    expect([first.status, first.headers.get("RateLimit")]).toEqual([200, '"default";r=0;t=50'])
    expect(second.status).toBe(429)
    expect(second.headers.get("Retry-After")).toBe("50")
    expect(second.headers.has("WWW-Authenticate")).toBe(false)
    expect(await second.json()).toMatchObject({ type: `${problemBase}too-many-requests` })
  })
})

describe("onDenied", () => {
  const own = (_request: Request, { reason, title }: Denial) =>
    Response.json({ error: { code: reason, message: title } }, { headers: { "X-Own": "1" } })

  it("renders a denial in the application's own format, with status and challenge set", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens, { onDenied: own }).requireScopes("treasure:delete")(greet)
    for (const [request, status, code] of [
      [new Request(address), 401, "missing"],
      [requestWith("abc"), 401, "refused"],
      [requestWith("a, b"), 400, "malformed"],
      [requestWith(await issue(tokens)), 403, "insufficient-scope"],
    ] as const) {
      const response = await handler(request)
      expect(response.status).toBe(status)
      expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer realm="treasures"/)
      expect(response.headers.get("Content-Type")).toBe("application/json")
      expect(response.headers.get("Cache-Control")).toBe("no-store")
      expect([response.headers.get("Vary"), response.headers.get("X-Own")]).toEqual(["Authorization", "1"])
      expect(await response.json()).toMatchObject({ error: { code } })
    }
  })

  it.each([
    [
      "throws",
      () => {
        throw new Error("no template")
      },
    ],
    ["rejects", async () => Promise.reject(new Error("no template"))],
  ])("is an application error if it %s, and admits nothing", async (_how, onDenied) => {
    const passed = vi.fn<() => Response>()
    await expect(guard(await openTokens(), { onDenied }).protect(passed)(new Request(address))).rejects.toThrow(
      "no template",
    )
    expect(passed).not.toHaveBeenCalled()
  })
})

describe("bearer", () => {
  const outage = new RepositoryUnavailable({ operation: "findByDigest", cause: new Error("10.0.0.7 is away") })
  const failing = Layer.effect(
    ApiTokenRepository,
    ApiTokenRepository.use((memory) => Effect.succeed({ ...memory, findByDigest: () => Effect.fail(outage) })),
  ).pipe(Layer.provide(MemoryRepository.layer))

  it("answers a store outage with 503, never 401, and reports it", async () => {
    const received: Array<unknown> = []
    const tokens = await openTokens({ repository: failing })
    const { authenticate } = guard(tokens, {
      onError: (error, { request }) => void received.push(error, request.url),
    })
    const response = await authenticate(requestWith(await issue(tokens)))
    if (!(response instanceof Response)) throw new Error("It was let pass")
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "5"])
    expect(response.headers.has("WWW-Authenticate")).toBe(false)
    expect(Object.keys(await response.json())).toEqual(["type", "title", "status"])
    expect(received).toEqual([outage, address])
  })

  it("prints an outage if there is no onError, and an error of onError itself", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue()
    const tokens = await openTokens({ repository: failing })
    const full = new Error("The log is full")
    for (const options of [{}, { onError: () => Promise.reject(full) }]) {
      const response = await guard(tokens, options).authenticate(requestWith(await issue(tokens)))
      expect(response).toMatchObject({ status: 503 })
    }
    expect(print.mock.calls).toEqual([[outage], [full]])
  })

  it("rejects with any other error of verifying", async () => {
    for (const error of [new TypeError("x is not a function"), new RevisionConflict({ id: "x" })]) {
      const { authenticate } = guard(tokensThat(() => Promise.reject(error)))
      await expect(authenticate(requestWith("abc"))).rejects.toBe(error)
    }
  })

  it("refuses an invalid realm or problem base when made", async () => {
    const tokens = await openTokens()
    expect(() => guard(tokens, { realm: "a\r\nb" })).toThrow("realm")
    expect(() => guard(tokens, { problemBase: "problems/" })).toThrow("problemBase")
  })
})
