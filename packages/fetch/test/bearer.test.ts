import { describe, expect, expectTypeOf, it, vi } from "@effect/vitest"
import { ApiTokenRepository, MemoryRepository, RepositoryUnavailable } from "@tokenry/core"
import type { Caller } from "@tokenry/core/promise"
import { Effect, Layer } from "effect"
import { bearer, type BearerOptions } from "@tokenry/fetch"
import { address, issue, openTokens, problemBase, realm, requestWith } from "./tokens.ts"

const guard = (tokens: BearerOptions["tokens"], options: Partial<BearerOptions> = {}) =>
  bearer({ tokens, realm, problemBase, ...options })

const greet = (_request: Request, { ownedBy }: Caller) => new Response(ownedBy)

describe("authenticate", () => {
  it("says who calls", async () => {
    const tokens = await openTokens()
    const { authenticate } = guard(tokens)
    const passage = await authenticate(requestWith(await issue(tokens, "treasure:edit")), "treasure:read")
    expect(passage).toMatchObject({ caller: { ownedBy: "user-1", scopes: ["treasure:edit", "treasure:read"] } })
  })

  it("gives the response that refuses, whole", async () => {
    const { authenticate } = guard(await openTokens())
    const response = await authenticate(new Request(address))
    expect(response).toBeInstanceOf(Response)
    expect(response).toMatchObject({ status: 401 })
  })

  it("finishes a response with what caches have to know (RFC 9110 §12.5.5)", async () => {
    const tokens = await openTokens()
    const passage = await guard(tokens).authenticate(requestWith(await issue(tokens)))
    if (passage instanceof Response) throw new Error("The token is not accepted")
    expect(passage.finish(new Response("x")).headers.get("Vary")).toBe("Authorization")
  })

  it("rejects for a scope that is none (RFC 6749 §3.3)", async () => {
    const tokens = await openTokens()
    const request = requestWith(await issue(tokens))
    await expect(guard(tokens).authenticate(request, "treasure edit")).rejects.toThrow("scope-token")
  })
})

describe("protect", () => {
  it("runs the handler with the request, the caller and whatever the runtime adds", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens).protect((request: Request, { ownedBy }, env: { readonly id: number }) => {
      return Response.json([request.url, ownedBy, env.id])
    })
    expectTypeOf(handler).parameters.toEqualTypeOf<[Request, { readonly id: number }]>()
    const response = await handler(requestWith(await issue(tokens)), { id: 7 })
    expect(await response.json()).toEqual([address, "user-1", 7])
  })

  it("does not run it for a caller who lacks one of the scopes (RFC 6750 §3.1)", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens).protect(() => new Response("passed"), "treasure:read", "treasure:delete")
    const response = await handler(requestWith(await issue(tokens, "treasure:edit")))
    expect(response.status).toBe(403)
    expect(response.headers.get("WWW-Authenticate")).toContain('scope="treasure:read treasure:delete"')
    expect(await response.json()).toMatchObject({ scopes: ["treasure:read", "treasure:delete"] })
  })

  it("notes which scopes were exercised", async () => {
    const tokens = await openTokens()
    const token = await issue(tokens, "treasure:edit", "treasure:delete")
    await guard(tokens).protect(greet, "treasure:read", "treasure:delete")(requestWith(token))
    const { items } = await tokens.list({ ownedBy: "user-1" })
    expect(await tokens.usageOf(items)).toMatchObject([{ unusedScopes: ["treasure:edit"] }])
  })

  it.each<[what: string, response: () => Response, vary: string]>([
    ["of its own", () => new Response("x", { headers: { Vary: "Origin" } }), "Origin, Authorization"],
    ["that has it", () => new Response("x", { headers: { Vary: "Origin, AUTHORIZATION" } }), "Origin, AUTHORIZATION"],
    ["of everything", () => new Response("x", { headers: { Vary: "*" } }), "*"],
    ["of none, with headers that can't be changed", () => Response.redirect(address), "Authorization"],
  ])("adds to a Vary %s (RFC 9110 §12.5.5)", async (_what, response, vary) => {
    const tokens = await openTokens()
    const answered = await guard(tokens).protect(response)(requestWith(await issue(tokens)))
    expect(answered.headers.get("Vary")).toBe(vary)
    expect(answered.status).toBe(response().status)
  })

  it("is refused when it is made with a scope that is none (RFC 6749 §3.3)", async () => {
    const { protect } = guard(await openTokens())
    expect(() => protect(greet, "treasure:read", "treasure edit")).toThrow("scope-token")
  })

  it("leaves what the handler throws to who stands around it", async () => {
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

  it("of two headers, which Headers joins, neither (RFC 9110 §5.3)", async () => {
    const tokens = await openTokens()
    const request = requestWith(await issue(tokens))
    request.headers.append("Authorization", `Bearer ${await issue(tokens)}`)
    expect(await guard(tokens).authenticate(request)).toMatchObject({ status: 400 })
  })

  it("a token in the query if told so, and makes the response private (RFC 6750 §2.3)", async () => {
    const tokens = await openTokens()
    const request = () => new Request(`${address}?access_token=${token}`)
    const token = await issue(tokens)
    const handler = guard(tokens, { also: ["query"] }).protect(
      () => new Response("x", { headers: { "Cache-Control": "public, max-age=60" } }),
    )
    expect((await handler(request())).headers.get("Cache-Control")).toBe("private, max-age=60")
    expect((await guard(tokens).protect(greet)(request())).status).toBe(401)
  })

  const formOf = (body: BodyInit) =>
    new Request(address, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body,
      ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
    })

  it("a token in a form if told so, and leaves the form to the handler (RFC 6750 §2.2)", async () => {
    const tokens = await openTokens()
    const handler = guard(tokens, { also: ["form"] }).protect(async (request) => {
      return new Response(String((await request.formData()).get("name")))
    })
    const response = await handler(formOf(new URLSearchParams({ access_token: await issue(tokens), name: "Ruby" })))
    expect(await response.text()).toBe("Ruby")
  })

  it.each<[what: string, body: () => BodyInit, status: number]>([
    ["that is too large (RFC 9110 §15.5.14)", () => "a".repeat(65_537), 413],
    ["that never ends", () => new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1000)) }), 413],
    ["that breaks off", () => new ReadableStream({ pull: (to) => to.error(new Error("reset")) }), 400],
    ["with a byte order mark (RFC 6750 §2.2)", () => "\u{feff}a=b&access_token=abc", 400],
  ])("no form %s", async (_what, body, status) => {
    const { authenticate } = guard(await openTokens(), { also: ["form"] })
    expect(await authenticate(formOf(body()))).toMatchObject({ status })
  })

  it("no form that was read before, which is an error of the application and says so", async () => {
    const { authenticate } = guard(await openTokens(), { also: ["form"] })
    const request = formOf("access_token=abc")
    await request.text()
    await expect(authenticate(request)).rejects.toThrow("before whatever reads the body")
  })
})

describe("bearer", () => {
  const outage = new RepositoryUnavailable({ operation: "findByDigest", cause: new Error("10.0.0.7 is away") })
  const failing = Layer.effect(
    ApiTokenRepository,
    ApiTokenRepository.use((memory) => Effect.succeed({ ...memory, findByDigest: () => Effect.fail(outage) })),
  ).pipe(Layer.provide(MemoryRepository.layer))

  it("answers an outage of the store with 503, never 401, and tells it", async () => {
    const told: Array<unknown> = []
    const tokens = await openTokens({ repository: failing })
    const { authenticate } = guard(tokens, {
      onError: (error, { request }) => void told.push(error, request.url),
    })
    const response = await authenticate(requestWith(await issue(tokens)))
    if (!(response instanceof Response)) throw new Error("It was let pass")
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "5"])
    expect(response.headers.has("WWW-Authenticate")).toBe(false)
    expect(Object.keys(await response.json())).toEqual(["type", "title", "status"])
    expect(told).toEqual([outage, address])
  })

  it("prints an outage if nobody wants to be told, and what goes wrong in telling", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue()
    const tokens = await openTokens({ repository: failing })
    const full = new Error("The log is full")
    for (const options of [{}, { onError: () => Promise.reject(full) }]) {
      const response = await guard(tokens, options).authenticate(requestWith(await issue(tokens)))
      expect(response).toMatchObject({ status: 503 })
    }
    expect(print.mock.calls).toEqual([[outage], [full]])
  })

  it("rejects with whatever else goes wrong in verifying", async () => {
    const { authenticate } = guard({ verify: () => Promise.reject(new TypeError("x is not a function")) })
    await expect(authenticate(requestWith("abc"))).rejects.toThrow("x is not a function")
  })

  it("is refused when it is made with an illegal realm or base of problems", async () => {
    const tokens = await openTokens()
    expect(() => guard(tokens, { realm: "a\r\nb" })).toThrow("realm")
    expect(() => guard(tokens, { problemBase: "problems/" })).toThrow("problemBase")
  })
})
