/**
 * Introspection (RFC 7662), revocation (RFC 7009) and the metadata (RFC 9728) over sockets, except how bodies are read.
 */
import { describe, expect, it } from "@effect/vitest"
import { MemoryRepository, RepositoryUnavailable, RevisionConflict } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import { ProtectedResourceMetadata, type RateLimiter, RateLimits } from "@tokenry/http"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import Koa from "koa"
import { bearer, introspection, problemDetails, protectedResourceMetadata, revocation } from "@tokenry/koa"
import { listen, type Request, request, scopes } from "./server.ts"

const resource = "https://api.example.test/treasures"
const resourceMetadata = ProtectedResourceMetadata.make({ resource, scopes: [] }).url
const formType = "Content-Type: application/x-www-form-urlencoded"

/** All endpoints on a store that can fail, and their responses. The last middleware answers everything else. */
const serve = async () => {
  const store: { failsAt?: "findByDigest" | "findById" } = {}
  const outage = new RepositoryUnavailable({ operation: "any", cause: new Error("connection to 10.0.0.7 lost") })
  const repository = Layer.effect(
    ApiTokenRepository,
    ApiTokenRepository.use((memory) =>
      Effect.succeed({
        ...memory,
        findByDigest: (digests) =>
          store.failsAt === "findByDigest" ? Effect.fail(outage) : memory.findByDigest(digests),
        findById: (id) => (store.failsAt === "findById" ? Effect.fail(outage) : memory.findById(id)),
      } satisfies ApiTokenRepository["Service"]),
    ),
  ).pipe(Layer.provideMerge(MemoryRepository.layer))
  const tokens = await createApiTokens({ repository, catalogue: scopes })
  const reported: Array<unknown> = []
  const app = new Koa()
  app.on("error", (error) => reported.push(error))
  app.proxy = true
  app
    .use(introspection({ tokens, realm: "treasures", resourceMetadata, scopeForAll: "treasure:delete" }))
    .use(revocation({ tokens }))
    .use(protectedResourceMetadata({ resource, scopes: scopes.scopes, name: "Treasures" }))
    .use((ctx) => {
      ctx.body = "somebody else"
    })
  const server = await listen(app)
  const issue = async (request: object = {}) =>
    tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"], ...request })
  const ask = (path: string, token: string, asked: Request = {}) =>
    request(server.port, { method: "POST", path, headers: [formType], body: `token=${token}`, ...asked })
  return { ...server, tokens, store, outage, reported, issue, ask }
}

describe("introspection", () => {
  const path = "/oauth/introspect"

  it.each([
    ["no credentials", [], 401, "invalid_client", ""],
    ["another scheme", ["Basic dXNlcjpwYXNz"], 401, "invalid_client", ""],
    ["a refused token", ["Bearer tok_1"], 401, "invalid_token", 'error="invalid_token", '],
    ["two headers", ["Bearer a", "Bearer b"], 400, "invalid_request", 'error="invalid_request", '],
  ])("answers %s with a challenge, for any body (RFC 7662 §2.3)", async (_, authorization, status, error, in_) => {
    await using server = await serve()
    const { plaintext } = await server.issue()
    const bodies = [plaintext, "x", "a&token=b", "a".repeat(20_000)].map((token) =>
      server.ask(path, token, { authorization }),
    )
    const headers = [formType, "Content-Length: 100"]
    const answers = await Promise.all([
      ...bodies,
      server.ask(path, "x", { authorization, headers: ["Content-Type: text/plain"] }),
      server.ask(path, "", { authorization, headers, body: "" }),
    ])
    expect(new Set(answers.map(({ bytes }) => bytes)).size).toBe(1)
    expect(answers[0]).toMatchObject({ status, headers: { "cache-control": "no-store", vary: "Authorization" } })
    expect(answers[0]?.headers["www-authenticate"]).toMatch(/^Bearer realm="treasures"/)
    expect(answers[0]?.headers["www-authenticate"]).toContain(in_)
    expect(answers[0]?.headers["www-authenticate"]).toContain(`resource_metadata="${resourceMetadata}"`)
    expect(JSON.parse(answers[0]?.body ?? "").error).toBe(error)
  })

  it("shows an owner's tokens to each of their tokens, and all to one with the scope (RFC 7662 §2.2)", async () => {
    await using server = await serve()
    const [own, other] = [await server.issue(), await server.issue({ ownedBy: "user-2" })]
    const all = await server.issue({ ownedBy: "user-3", scopes: ["treasure:delete"] })
    const seenBy = async (caller: string) => {
      const answers = [own, other].map(({ plaintext }) =>
        server.ask(path, plaintext, { authorization: [`Bearer ${caller}`] }),
      )
      return (await Promise.all(answers)).map(({ body }) => JSON.parse(body).sub)
    }
    expect(await seenBy(own.plaintext)).toEqual(["user-1", undefined])
    expect(await seenBy(other.plaintext)).toEqual([undefined, "user-2"])
    expect(await seenBy(all.plaintext)).toEqual(["user-1", "user-2"])
  })

  it.each([
    ["the caller", "findByDigest"],
    ["the token", "findById"],
  ] as const)(
    "answers 503 in OAuth's format when the store is down for %s, and informs the app",
    async (_, failsAt) => {
      await using server = await serve()
      const { plaintext } = await server.issue()
      const authorization = [`Bearer ${plaintext}`]
      server.store.failsAt = failsAt
      const answer = await server.ask(path, plaintext, { authorization })
      expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5", "cache-control": "no-store" } })
      expect(JSON.parse(answer.body)).toMatchObject({ error: "temporarily_unavailable" })
      expect(answer.headers["www-authenticate"]).toBeUndefined()
      expect(server.reported).toEqual([server.outage])
    },
  )
})

describe("revocation", () => {
  const path = "/oauth/revoke"

  it("needs no credentials, and ignores any (RFC 7009 §2.1)", async () => {
    await using server = await serve()
    for (const authorization of [[], ["Bearer rubbish"], ["Basic dXNlcjpwYXNz"]]) {
      const { plaintext, token } = await server.issue()
      const answer = await server.ask(path, plaintext, { authorization })
      expect(answer).toMatchObject({ status: 200, body: "", headers: { "cache-control": "no-store" } })
      expect(await server.tokens.verify(plaintext)).toMatchObject({ refusal: { _tag: "Revoked", tokenId: token.id } })
    }
  })

  it("gives rubbish the same answer (RFC 7009 §2.2)", async () => {
    await using server = await serve()
    const { plaintext } = await server.issue()
    const answers = await Promise.all(
      [plaintext, plaintext, "rubbish", "%00", "%zz", "%ED%A0%80", "a".repeat(10_000)].map((token) =>
        server.ask(path, token),
      ),
    )
    expect(new Set(answers.map(({ bytes }) => bytes)).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 200 })
  })

  it.each([
    ["an address", "2001:db8::1", { address: "2001:db8::1" }],
    ["rubbish for an address", "x".repeat(2000), {}],
  ])("records where it came from, if that is %s", async (_, address, origin) => {
    await using server = await serve()
    const { plaintext, token } = await server.issue()
    const headers = [formType, `X-Forwarded-For: ${address}`, `User-Agent: ${plaintext}`]
    expect((await server.ask(path, plaintext, { headers })).status).toBe(200)
    const { history } = await server.tokens.find({ id: token.id, ownedBy: "user-1" })
    expect(history.at(-1)).toMatchObject({ kind: "revoked", actor: { kind: "token", id: token.id } })
    expect(history.at(-1)?.origin).toEqual(origin)
  })

  it("limits the different unknown tokens of an address, in OAuth's format (RFC 7009 §5)", async () => {
    await using server = await serve()
    const { tokens } = server
    const counted: Array<string> = []
    const once: RateLimiter = {
      consume: async (key) => {
        counted.push(key)
        const allowed = counted.filter((other) => other === key).length === 1
        return { _tag: "Consumed", allowed, remaining: 0, resetSeconds: 50, limit: 1, windowSeconds: 60 }
      },
    }
    const limits = RateLimits.make({ failedPerAddress: once, onError: () => {} })
    await using api = await listen(new Koa().use(revocation({ tokens, limits })))
    const ask = (body: string) => request(api.port, { method: "POST", path, headers: [formType], body })
    expect(await ask("token=a")).toMatchObject({ status: 200 })
    const answer = await ask("token=b")
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "50", "content-type": "application/json" } })
    expect(JSON.parse(answer.body)).toMatchObject({ error: "temporarily_unavailable" })
    expect(new Set(counted)).toEqual(new Set(["address:127.0.0.1"]))
    const { plaintext } = await server.issue()
    expect(await ask(`token=${plaintext}`)).toMatchObject({ status: 200 })
  })

  it.each([
    ["looking up", "findByDigest"],
    ["revoking", "findById"],
  ] as const)("answers 503 with Retry-After when the store is down for %s (RFC 7009 §2.2.1)", async (_, failsAt) => {
    await using server = await serve()
    const { plaintext } = await server.issue()
    server.store.failsAt = failsAt
    const answer = await server.ask(path, plaintext)
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5", "cache-control": "no-store" } })
    expect(JSON.parse(answer.body)).toMatchObject({ error: "temporarily_unavailable" })
    expect(server.reported).toEqual([server.outage])
  })
})

describe("the metadata of the protected resource", () => {
  const path = "/.well-known/oauth-protected-resource/treasures"

  it("is at the place RFC 9728 §3.1 defines, for anyone, and repeats nothing from a request", async () => {
    await using server = await serve()
    const headers = ["X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "Forwarded: host=evil.example"]
    const answer = await request(server.port, { path, headers })
    expect(answer).toMatchObject({
      status: 200,
      headers: { "content-type": "application/json", "cache-control": "public, max-age=3600" },
    })
    expect(JSON.parse(answer.body)).toEqual({
      resource,
      scopes_supported: ["treasure:read", "treasure:edit", "treasure:delete"],
      bearer_methods_supported: ["header"],
      resource_name: "Treasures",
    })
    expect(await request(server.port, { path, method: "HEAD" })).toMatchObject({
      status: 200,
      headers: answer.headers,
      body: "",
    })
  })

  it("is found through the challenge (RFC 9728 §5.1)", async () => {
    await using server = await serve()
    const { tokens } = server
    const problemBase = "https://api.example.test/problems/"
    await using api = await listen(new Koa().use(bearer({ tokens, realm: "treasures", problemBase, resourceMetadata })))
    const { headers } = await request(api.port)
    expect(headers["www-authenticate"]).toBe(`Bearer realm="treasures", resource_metadata="${resourceMetadata}"`)
    expect(new URL(resourceMetadata).pathname).toBe(path)
  })
})

describe("all endpoints", () => {
  it.each([
    ["inspect", new TypeError("A bug"), 500],
    ["inspect", new RevisionConflict({ id: "x" }), 409],
    ["find", new TypeError("A bug"), 500],
    ["revoke", new RevisionConflict({ id: "x" }), 409],
  ] as const)("throw what goes wrong besides an outage: %s, %s", async (method, error, status) => {
    await using server = await serve()
    const { plaintext } = await server.issue()
    const tokens = { ...server.tokens, [method]: () => Promise.reject(error) }
    const app = new Koa()
      .use(problemDetails())
      .use(introspection({ tokens, realm: "a" }))
      .use(revocation({ tokens }))
    app.on("error", () => {})
    await using api = await listen(app)
    const path = method === "revoke" ? "/oauth/revoke" : "/oauth/introspect"
    const answer = await request(api.port, {
      method: "POST",
      path,
      headers: [formType],
      authorization: [`Bearer ${plaintext}`],
      body: `token=${plaintext}`,
    })
    expect(answer.status).toBe(status)
  })

  it.each([
    ["/oauth/introspect", "POST", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]],
    ["/oauth/revoke", "POST", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]],
    ["/.well-known/oauth-protected-resource/treasures", "GET, HEAD", ["POST", "PUT", "OPTIONS"]],
  ])("answer other methods with 405 and Allow (RFC 9110 §15.5.6): %s", async (path, allow, methods) => {
    await using server = await serve()
    for (const method of methods) {
      expect(await request(server.port, { path, method })).toMatchObject({ status: 405, headers: { allow } })
    }
  })

  it.each([
    "/oauth/introspect/",
    "/oauth/Introspect",
    "//oauth/revoke",
    "/oauth/%72evoke",
    "/oauth",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/treasures/",
  ])("let pass what is at another path: %s", async (path) => {
    await using server = await serve()
    expect(await server.ask(path, "x")).toMatchObject({ status: 200, body: "somebody else" })
  })

  it("have names in stack traces and logs", async () => {
    await using server = await serve()
    const { tokens } = server
    expect([
      introspection({ tokens, realm: "treasures" }).name,
      revocation({ tokens }).name,
      protectedResourceMetadata({ resource, scopes: [] }).name,
    ]).toEqual(["introspection", "revocation", "protectedResourceMetadata"])
  })

  it("refuse wrong options when they are made", async () => {
    await using server = await serve()
    const { tokens } = server
    expect(() => introspection({ tokens, realm: "" })).toThrow("realm")
    expect(() => introspection({ tokens, realm: "a", resourceMetadata: "/x" })).toThrow("resourceMetadata")
    expect(() => introspection({ tokens, realm: "a", scopeForAll: "treasure:raed" as never })).toThrow("scopeForAll")
    for (const bodyTimeout of ["0 seconds", "11 minutes", "Infinity"] as const) {
      expect(() => introspection({ tokens, realm: "a", bodyTimeout })).toThrow("bodyTimeout")
      expect(() => revocation({ tokens, bodyTimeout })).toThrow("bodyTimeout")
    }
    expect(() => protectedResourceMetadata({ resource: "/treasures", scopes: [] })).toThrow("resource")
  })
})
