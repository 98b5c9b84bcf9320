import { once } from "node:events"
import type { IncomingHttpHeaders } from "node:http"
import { connect, createServer } from "node:http2"
import type { AddressInfo } from "node:net"
import { describe, expect, it, vi } from "@effect/vitest"
import { MemoryRepository, RepositoryUnavailable, RevisionConflict } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import type { Refusal } from "@tokenry/core"
import type { OwnerId, TokenId } from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import Koa from "koa"
import { bearer, type BearerOptions, problemDetails } from "@tokenry/koa"
import { listen, openTokens, type Request, request, type Scope, scopes, tokensThat } from "./server.ts"

const problemBase = "https://api.example.test/problems/"

/** A server that returns the caller's owner id, and counts how often it got that far. */
const serve = async (tokens: BearerOptions<Scope>["tokens"], options: Partial<BearerOptions<Scope>> = {}) => {
  const app = new Koa()
  const reported: Array<unknown> = []
  const passed: Array<string> = []
  app.on("error", (error) => reported.push(error))
  app
    .use(problemDetails({ problemBase }))
    .use((ctx, next) => {
      ctx.set("Vary", "Origin")
      ctx.set("Access-Control-Allow-Origin", "https://app.example.test")
      return next()
    })
    .use(bearer({ tokens, realm: "treasures", problemBase, ...options }))
    .use((ctx) => {
      passed.push(ctx.state.caller.ownedBy)
      ctx.body = ctx.state.caller.ownedBy
    })
  const server = await listen(app)
  return { ...server, reported, passed, ask: (options?: Request) => request(server.port, options) }
}

const issue = (tokens: Awaited<ReturnType<typeof openTokens>>, ownedBy = "user-1") =>
  tokens.issue({ ownedBy, name: "CI", scopes: ["treasure:read"] })

const noError = 'Bearer realm="treasures"'
const invalidToken = 'Bearer realm="treasures", error="invalid_token", error_description="The token is not accepted"'

describe("bearer accepts", () => {
  it.each([
    ["the scheme as in the RFC (RFC 6750 §2.1)", (token: string) => `Bearer ${token}`],
    ["the scheme in lower case (RFC 9110 §11.1)", (token: string) => `bearer ${token}`],
    ["the scheme in upper case (RFC 9110 §11.1)", (token: string) => `BEARER ${token}`],
    ["several spaces before the token (RFC 9110 §11.4)", (token: string) => `Bearer    ${token}`],
    ["blanks at both ends of the value (RFC 9110 §5.5)", (token: string) => `\t  Bearer ${token} \t`],
  ])("%s", async (_rule, valueOf) => {
    const tokens = await openTokens()
    await using server = await serve(tokens)
    const { plaintext } = await issue(tokens)
    const answer = await server.ask({ authorization: [valueOf(plaintext)] })
    expect([answer.status, answer.body]).toEqual([200, "user-1"])
  })

  it("a header name in any case (RFC 9110 §5.1)", async () => {
    const tokens = await openTokens()
    await using server = await serve(tokens)
    const { plaintext } = await issue(tokens)
    expect((await server.ask({ headers: [`AUTHORIZATION: Bearer ${plaintext}`] })).status).toBe(200)
  })

  it("and varies on Authorization in addition to existing fields (RFC 9110 §12.5.5)", async () => {
    const tokens = await openTokens()
    await using server = await serve(tokens)
    const { plaintext } = await issue(tokens)
    expect((await server.ask({ authorization: [`Bearer ${plaintext}`] })).headers["vary"]).toBe("Origin, Authorization")
  })

  it("and varies on Authorization if the response varies on nothing else", async () => {
    const tokens = await openTokens()
    const app = new Koa().use(bearer({ tokens, realm: "treasures" })).use((ctx) => {
      ctx.body = "treasures"
    })
    await using server = await listen(app)
    const { plaintext } = await issue(tokens)
    const answers = [await request(server.port, { authorization: [`Bearer ${plaintext}`] }), await request(server.port)]
    expect(answers.map(({ status, headers }) => [status, headers["vary"]])).toEqual([
      [200, "Authorization"],
      [401, "Authorization"],
    ])
  })
})

describe("bearer doesn't read other headers as Authorization", () => {
  it.each([
    ["one whose value is its name", ["X-Name: Authorization", "Bearer: abc"]],
    ["one whose name is as long", ["Authorizatiom: Bearer abc"]],
    ["the one for proxies (RFC 9110 §11.7.2)", ["Proxy-Authorization: Bearer abc"]],
  ])("%s", async (_what, headers) => {
    await using server = await serve(await openTokens())
    const answer = await server.ask({ headers })
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, noError])
  })
})

describe("bearer with from: { header }", () => {
  it.each<[what: string, lines: (token: string) => ReadonlyArray<string>, status: number]>([
    ["the other header", (token) => [`x-api-KEY: ${token}`], 200],
    ["Authorization", (token) => [`Authorization: Bearer ${token}`], 200],
    ["both", (token) => [`X-API-Key: ${token}`, `Authorization: Bearer ${token}`], 400],
    [
      "the other header, and a foreign Authorization",
      (token) => [`X-API-Key: ${token}`, "Authorization: Basic abc"],
      400,
    ],
    ["two lines of the other header", (token) => [`X-API-Key: ${token}`, `X-API-Key: ${token}`], 400],
    ["an unknown key", () => ["X-API-Key: abc"], 401],
    ["neither", () => [], 401],
  ])("reads %s, and varies on both", async (_what, lines, status) => {
    const tokens = await openTokens()
    await using server = await serve(tokens, { from: { header: "X-API-Key" } })
    const { plaintext } = await issue(tokens)
    const answer = await server.ask({ headers: lines(plaintext) })
    expect([answer.status, answer.headers["vary"]]).toEqual([status, "Origin, Authorization, X-API-Key"])
    expect(answer.bytes).not.toContain(plaintext)
  })
})

describe("bearer over HTTP/2", () => {
  it("reads the same header (RFC 9113 §8.2)", async () => {
    const tokens = await openTokens()
    const { plaintext } = await issue(tokens)
    const app = new Koa().use(bearer({ tokens, realm: "treasures", problemBase })).use((ctx) => {
      ctx.body = ctx.state.caller.ownedBy
    })
    const server = createServer(app.callback()).listen(0, "127.0.0.1")
    await once(server, "listening")
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const statuses: Array<unknown> = []
    for (const headers of [{}, { authorization: `Bearer ${plaintext}` }]) {
      const stream = client.request(headers)
      const [answered] = (await once(stream, "response")) as [IncomingHttpHeaders]
      statuses.push(answered[":status"])
      await once(stream.resume(), "close")
    }
    client.close()
    server.close()
    expect(statuses).toEqual([401, 200])
  })
})

describe("bearer answers 401 without an error code (RFC 6750 §3.1)", () => {
  it.each([
    ["no Authorization header", []],
    ["another scheme", ["Basic dXNlcjpwYXNz"]],
    ["another scheme with parameters", ['Digest username="a, Bearer b", realm="b"']],
    ["a token without a scheme", ["tok_abc"]],
  ])("%s", async (_what, authorization) => {
    await using server = await serve(await openTokens())
    const { status, headers, body } = await server.ask({ authorization })
    expect(status).toBe(401)
    expect(headers["www-authenticate"]).toBe(noError)
    expect(JSON.parse(body)).toMatchObject({ type: `${problemBase}credentials-required`, status: 401 })
    expect(server.passed).toEqual([])
  })
})

describe("bearer answers 400 invalid_request, even with a good token in it (RFC 6750 §3.1)", () => {
  it.each([
    ["two Authorization headers (RFC 9110 §11.6.2)", (token: string) => [`Bearer ${token}`, `Bearer ${token}`]],
    ["two Authorization headers, the second of another scheme", (token: string) => [`Bearer ${token}`, "Basic abc"]],
    ["two headers, the first of another scheme", (token: string) => ["Basic abc", `Bearer ${token}`]],
    ["two headers that a proxy has joined", (token: string) => [`Basic abc, Bearer ${token}`]],
    ["two credentials with a comma (RFC 9110 §11.4)", (token: string) => [`Bearer ${token}, Bearer ${token}`]],
    ["a comma at the end", (token: string) => [`Bearer ${token},`]],
    ["nothing after the scheme", () => ["Bearer"]],
    ["only spaces after the scheme", () => ["Bearer   "]],
    ["an empty header", () => [""]],
    ["a tab between scheme and token (RFC 9110 §11.4)", (token: string) => [`Bearer\t${token}`]],
    ["a second word", (token: string) => [`Bearer ${token} ${token}`]],
    ["quotes", (token: string) => [`Bearer "${token}"`]],
    ["a byte that is not ASCII (RFC 9110 §11.2)", (token: string) => [`Bearer ${token}\xe9`]],
  ])("%s", async (_what, valuesOf) => {
    const tokens = await openTokens()
    await using server = await serve(tokens)
    const { plaintext } = await issue(tokens)
    const { status, headers, body, bytes } = await server.ask({ authorization: valuesOf(plaintext) })
    expect(status).toBe(400)
    expect(headers["www-authenticate"]).toMatch(
      /^Bearer realm="treasures", error="invalid_request", error_description="[^"]+"$/,
    )
    expect(JSON.parse(body)).toMatchObject({ type: `${problemBase}malformed-credentials`, status: 400 })
    expect(bytes).not.toContain(plaintext)
    expect(server.passed).toEqual([])
  })
})

describe("bearer answers 401 invalid_token (RFC 6750 §3.1)", () => {
  it("to any refused token, with the same bytes", async () => {
    const tokens = await createApiTokens({
      repository: MemoryRepository.layer,
      catalogue: scopes,
      owners: (ownedBy) => ({ active: ownedBy !== "user-2" || !isDeactivated, scopes: "all" }),
    })
    let isDeactivated = false
    await using server = await serve(tokens)
    const unknown = await issue(await openTokens())
    const revoked = await issue(tokens)
    await tokens.revoke({ id: revoked.token.id, ownedBy: "user-1" })
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2020-01-01T00:00:00Z") })
    const expired = await issue(tokens).finally(() => vi.useRealTimers())
    const inactive = await issue(tokens, "user-2")
    expect((await server.ask({ authorization: [`Bearer ${inactive.plaintext}`] })).status).toBe(200)
    isDeactivated = true

    const values = {
      unknown: unknown.plaintext,
      revoked: revoked.plaintext,
      expired: expired.plaintext,
      inactive: inactive.plaintext,
      malformed: "abc",
      wrongChecksum: revoked.plaintext.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
      tooLong: "a".repeat(5000),
    }
    const answers = await Promise.all(
      Object.values(values).map((token) => server.ask({ authorization: [`Bearer ${token}`] })),
    )
    expect(new Set(answers.map(({ bytes }) => bytes)).size).toBe(1)
    expect(answers[0]?.status).toBe(401)
    expect(answers[0]?.headers["www-authenticate"]).toBe(invalidToken)
    expect(server.passed).toEqual(["user-2"])
  })

  const tokenId = "01985c3e-7b5a-7cde-8f01-23456789abcd" as TokenId
  const alike: ReadonlyArray<Exclude<Refusal, { _tag: "InsufficientScope" }>> = [
    { _tag: "Malformed", flaw: "WrongPrefix" },
    { _tag: "Unknown" },
    { _tag: "Retired", tokenId, generation: 1 },
    { _tag: "Revoked", tokenId, on: "token" },
    { _tag: "Revoked", tokenId, on: "ancestor" },
    { _tag: "Expired", tokenId, on: "ancestor" },
    { _tag: "OwnerInactive", tokenId, ownedBy: "user-1" as OwnerId },
  ]

  it("with the same bytes for every kind of refusal", async () => {
    const distinct = new Set<string>()
    for (const refusal of alike) {
      await using server = await serve(tokensThat(async () => ({ accepted: false, refusal })))
      distinct.add((await server.ask({ authorization: ["Bearer abc"] })).bytes)
    }
    expect(distinct.size).toBe(1)
  })

  it("to a token that is longer than any, within Node's limit for headers, without verifying it", async () => {
    const verify = vi.fn<BearerOptions<Scope>["tokens"]["verify"]>()
    await using server = await serve(tokensThat(verify))
    expect((await server.ask({ authorization: [`Bearer ${"a".repeat(15_000)}`] })).status).toBe(401)
    expect(verify).not.toHaveBeenCalled()
  })
})

describe("bearer", () => {
  it("keeps headers that were set before, and forbids caching (RFC 9111 §5.2.2.5)", async () => {
    await using server = await serve(await openTokens())
    const { headers } = await server.ask()
    expect(headers).toMatchObject({
      "access-control-allow-origin": "https://app.example.test",
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      vary: "Origin, Authorization",
    })
  })

  it("answers HEAD with the headers of GET and no body (RFC 9110 §9.3.2)", async () => {
    await using server = await serve(await openTokens())
    const [get, head] = [await server.ask(), await server.ask({ method: "HEAD" })]
    expect(head).toMatchObject({ status: 401, headers: get.headers, body: "" })
  })

  it("refuses without waiting for a body", async () => {
    await using server = await serve(await openTokens())
    const answer = await server.ask({ method: "POST", headers: ["Content-Length: 100000"] })
    expect(answer.status).toBe(401)
  })

  it("answers 503 with Retry-After during a store outage, never 401, and reports it", async () => {
    const outage = new RepositoryUnavailable({
      operation: "findByDigest",
      cause: new Error("connection to 10.0.0.7 lost"),
    })
    const failing = Layer.effect(
      ApiTokenRepository,
      ApiTokenRepository.use((memory) => Effect.succeed({ ...memory, findByDigest: () => Effect.fail(outage) })),
    ).pipe(Layer.provide(MemoryRepository.layer))
    const tokens = await createApiTokens({ repository: failing, catalogue: scopes })
    await using server = await serve(tokens)
    const { plaintext } = await issue(tokens)
    const { status, headers, body } = await server.ask({ authorization: [`Bearer ${plaintext}`] })
    expect(status).toBe(503)
    expect(headers).toMatchObject({ "retry-after": "5", "cache-control": "no-store" })
    expect(headers["www-authenticate"]).toBeUndefined()
    expect(Object.keys(JSON.parse(body))).toEqual(["type", "title", "status"])
    expect(server.reported).toEqual([outage])
    expect(server.passed).toEqual([])
  })

  it("answers 503 if the owner directory doesn't answer", async () => {
    let isDown = false
    const tokens = await createApiTokens({
      repository: MemoryRepository.layer,
      catalogue: scopes,
      owners: () => (isDown ? Promise.reject(new Error("down")) : { active: true, scopes: "all" }),
    })
    await using server = await serve(tokens)
    const { plaintext } = await issue(tokens)
    isDown = true
    expect((await server.ask({ authorization: [`Bearer ${plaintext}`] })).status).toBe(503)
  })

  it.each<[what: string, error: Error, status: number]>([
    ["a bug", new TypeError("x is not a function"), 500],
    ["another error of the core", new RevisionConflict({ id: "x" }), 409],
  ])("throws any other error of verifying: %s", async (_what, error, status) => {
    await using server = await serve(tokensThat(() => Promise.reject(error)))
    expect((await server.ask({ authorization: ["Bearer abc"] })).status).toBe(status)
    expect(server.passed).toEqual([])
  })

  it("refuses an invalid realm or problem base when made", async () => {
    const tokens = await openTokens()
    expect(() => bearer({ tokens, realm: "a\r\nb", problemBase })).toThrow("realm")
    expect(() => bearer({ tokens, realm: "treasures", problemBase: "problems/" })).toThrow("problemBase")
  })

  it("has a name in stack traces and logs", async () => {
    expect(bearer({ tokens: await openTokens(), realm: "treasures", problemBase }).name).toBe("bearer")
  })
})
