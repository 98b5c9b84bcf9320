import { PassThrough } from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import { Router } from "@koa/router"
import {
  DuplicateToken,
  InactiveOwner,
  InvalidInput,
  PolicyViolation,
  RepositoryUnavailable,
  RevisionConflict,
  ScopeNotHeld,
  TokenNotFound,
  TokenNotLive,
} from "@tokenry/core"
import Koa, { type Middleware } from "koa"
import { problemDetails, type ProblemDetailsOptions } from "@tokenry/koa"
import { listen, type Request, request } from "./server.ts"

const problemBase = "https://api.example.test/problems/"
const secret = "a secret of the server"

/** A server of one middleware, with its reports to `onError` and to Koa's `error` event. */
const serve = async (middleware: Middleware, options: Partial<ProblemDetailsOptions> = {}) => {
  const reported: Array<{ readonly error: unknown; readonly id: string; readonly path: string }> = []
  const emitted: Array<unknown> = []
  const app = new Koa()
  app.on("error", (error) => emitted.push(error))
  app
    .use(
      problemDetails({
        problemBase,
        onError: (error, { id, ctx }) => void reported.push({ error, id, path: ctx.path }),
        ...options,
      }),
    )
    .use(middleware)
  const server = await listen(app)
  return { ...server, reported, emitted, ask: (options?: Request) => request(server.port, options) }
}

const throwing = (thrown: unknown) => (): never => {
  throw thrown
}

const id = "01985c3e-7b5a-7cde-8f01-23456789abcd"
const issues = [{ path: ["scopes", "1"], message: "must be a string" }]
const errors = [{ pointer: "#/scopes/1", detail: "must be a string" }]

describe("problemDetails answers an error of the core", () => {
  it.each<[error: Error, status: number, slug: string, details: object]>([
    [new InvalidInput({ issues }), 400, "invalid-input", { errors }],
    [new PolicyViolation({ issues }), 422, "policy-violation", { errors }],
    [new ScopeNotHeld({ scopes: ["a:b"], on: "token" }), 403, "scope-not-held", { scopes: ["a:b"] }],
    [new InactiveOwner({ ownedBy: "user-1" }), 403, "owner-inactive", {}],
    [new TokenNotFound({ id }), 404, "not-found", {}],
    [new TokenNotLive({ id, state: "expired" }), 409, "token-not-live", { detail: "The token is expired" }],
    [new RevisionConflict({ id }), 409, "revision-conflict", {}],
    [
      new DuplicateToken({ id }),
      500,
      "internal-error",
      { instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/) },
    ],
    [new RepositoryUnavailable({ operation: "insert", cause: new Error(secret) }), 503, "store-unavailable", {}],
  ])("$name with its problem", async (error, status, slug, details) => {
    await using server = await serve(throwing(error))
    const answer = await server.ask()
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({ "content-type": "application/problem+json", "cache-control": "no-store" })
    expect(answer.headers["retry-after"]).toBe(status === 503 ? "5" : undefined)
    expect(JSON.parse(answer.body)).toEqual({ type: problemBase + slug, title: expect.any(String), status, ...details })
    expect(server.reported.map(({ error }) => error)).toEqual(status >= 500 ? [error] : [])
  })
})

describe("problemDetails answers an error with a status", () => {
  it.each<[what: string, middleware: Middleware, problem: object]>([
    [
      "with the message that it exposes",
      (ctx) => ctx.throw(400, "name required"),
      { type: "about:blank", title: "Bad Request", status: 400, detail: "name required" },
    ],
    [
      "without a detail if it has none",
      (ctx) => ctx.throw(409),
      { type: "about:blank", title: "Conflict", status: 409 },
    ],
    [
      "without a message that it doesn't expose",
      throwing(Object.assign(new Error(secret), { status: 403 })),
      { type: "about:blank", title: "Forbidden", status: 403 },
    ],
    [
      "with the problem type of its status",
      (ctx) => ctx.throw(404, "no such treasure"),
      { type: `${problemBase}not-found`, title: "Not found", status: 404, detail: "no such treasure" },
    ],
    [
      "that a body parser throws for a body that is too large",
      throwing(Object.assign(new Error("request entity too large"), { status: 413, expose: true })),
      {
        type: `${problemBase}content-too-large`,
        title: "The body is too large",
        status: 413,
        detail: "request entity too large",
      },
    ],
    [
      "that a body parser throws for an unknown encoding",
      throwing(Object.assign(new Error("unsupported"), { statusCode: 415 })),
      { type: `${problemBase}unsupported-media-type`, title: "The body is not JSON", status: 415 },
    ],
    [
      "that co-body throws for malformed JSON, without quoting it",
      throwing(Object.assign(new SyntaxError(`Unexpected token, "${secret}"`), { status: 400, body: secret })),
      { type: `${problemBase}unreadable-body`, title: "The body can't be read", status: 400 },
    ],
    [
      "that body-parser throws for malformed JSON, without quoting it",
      throwing(Object.assign(new Error(secret), { status: 400, expose: true, type: "entity.parse.failed" })),
      { type: `${problemBase}unreadable-body`, title: "The body can't be read", status: 400 },
    ],
  ])("%s", async (_what, middleware, problem) => {
    await using server = await serve(middleware)
    const answer = await server.ask()
    expect(JSON.parse(answer.body)).toEqual(problem)
    expect(problem).toMatchObject({ status: answer.status })
    expect(answer.body).not.toContain(secret)
    expect(server.reported).toEqual([])
  })

  it("from 500 on without its message, even if it exposes it, and reports it", async () => {
    await using server = await serve((ctx) => ctx.throw(502, secret, { expose: true, headers: { "Retry-After": "7" } }))
    const answer = await server.ask()
    expect(answer.headers["retry-after"]).toBe("7")
    expect(JSON.parse(answer.body)).toEqual({
      type: "about:blank",
      title: "Bad Gateway",
      status: 502,
      instance: `urn:uuid:${server.reported[0]?.id}`,
    })
  })
})

describe("problemDetails answers 500 with an id, and nothing else (RFC 9457 §3.1.5)", () => {
  it.each<[what: string, thrown: unknown]>([
    ["an error", new Error(secret)],
    ["an error whose status isn't an error", Object.assign(new Error(secret), { status: 200, expose: true })],
    ["an error whose status doesn't exist", Object.assign(new Error(secret), { status: 799, expose: true })],
    ["an error whose status isn't a number", Object.assign(new Error(secret), { status: "404", expose: true })],
    [
      "an error with a core error's tag, but not its fields",
      Object.assign(new Error(secret), { _tag: "InvalidInput" }),
    ],
    ["a string", secret],
    ["a plain object that pretends to be an error", { status: 404, expose: true, message: secret }],
    ["undefined", undefined],
    ["null", null],
  ])("when this is thrown: %s", async (_what, thrown) => {
    await using server = await serve(throwing(thrown))
    const { status, body, bytes } = await server.ask({ path: "/boom" })
    expect(status).toBe(500)
    const [occurrence] = server.reported
    expect(server.reported).toEqual([{ error: thrown, id: expect.stringMatching(/^[0-9a-f-]{36}$/), path: "/boom" }])
    expect(JSON.parse(body)).toEqual({
      type: `${problemBase}internal-error`,
      title: "Internal error",
      status: 500,
      instance: `urn:uuid:${occurrence?.id}`,
    })
    expect(bytes).not.toContain(secret)
    expect(bytes).not.toContain(".ts:")
  })

  it("with another id each time", async () => {
    await using server = await serve(throwing(new Error(secret)))
    const bodies = [(await server.ask()).body, (await server.ask()).body]
    expect(new Set(bodies).size).toBe(2)
  })
})

describe("problemDetails reports", () => {
  it.each<[what: string, thrown: unknown, received: unknown]>([
    ["an error", new Error("x"), new Error("x")],
    ["a value that isn't an error", "x", new Error("The thrown value is not an Error", { cause: "x" })],
  ])("to Koa's error event without onError: %s", async (_what, thrown, received) => {
    const emitted: Array<unknown> = []
    const app = new Koa().use(problemDetails({ problemBase })).use(throwing(thrown))
    app.on("error", (error) => emitted.push(error))
    await using server = await listen(app)
    expect((await request(server.port)).status).toBe(500)
    expect(emitted).toEqual([received])
  })

  it.each<[what: string, onError: NonNullable<ProblemDetailsOptions["onError"]>]>([
    ["throws", throwing(new Error("the logger failed"))],
    ["rejects", () => Promise.reject(new Error("the logger failed"))],
  ])("without harm to the answer if onError %s", async (_what, onError) => {
    await using server = await serve(throwing(new Error("x")), { onError })
    expect((await server.ask()).status).toBe(500)
    expect(server.emitted).toEqual([new Error("the logger failed")])
  })
})

describe("problemDetails, when something is thrown,", () => {
  it("keeps headers that say how to proceed, and drops those of the discarded body", async () => {
    await using server = await serve((ctx) => {
      ctx.set({
        "WWW-Authenticate": "Bearer",
        Allow: "GET",
        Vary: "Origin",
        "Retry-After": "3",
        "Access-Control-Allow-Origin": "*",
        "Content-Security-Policy": "default-src 'none'",
        "Content-Type": "text/csv",
        "Content-Disposition": "attachment",
        "Content-Encoding": "gzip",
        "Cache-Control": "public, max-age=60",
        ETag: '"1"',
        "Set-Cookie": "a=b",
      })
      ctx.body = new PassThrough()
      ctx.throw(409)
    })
    const { status, headers, body } = await server.ask()
    expect(status).toBe(409)
    expect(headers).toEqual({
      "www-authenticate": "Bearer",
      allow: "GET",
      vary: "Origin",
      "retry-after": "3",
      "access-control-allow-origin": "*",
      "content-security-policy": "default-src 'none'",
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "content-length": String(body.length),
      connection: "close",
      date: expect.any(String),
    })
  })

  it("sets the error's headers, except illegal ones and those of a body", async () => {
    const headers = {
      "WWW-Authenticate": ['Basic realm="a"', "Bearer"],
      Vary: "Accept",
      "Content-Type": "text/html",
      "content-length": "1",
      "X-Split": "a\r\nSet-Cookie: b",
      "no name": "x",
    }
    await using server = await serve((ctx) => {
      ctx.vary("Origin")
      ctx.throw(401, { headers })
    })
    const answer = await server.ask()
    expect(answer.headers).toMatchObject({
      "www-authenticate": 'Basic realm="a", Bearer',
      vary: "Origin, Accept",
      "content-type": "application/problem+json",
      "content-length": String(answer.body.length),
    })
    expect(answer.bytes).not.toMatch(/split|no name|set-cookie/i)
  })

  it("writes nothing after headers were sent, cuts the connection, and reports the error", async () => {
    const late = new Error(secret)
    await using server = await serve(async (ctx) => {
      ctx.res.writeHead(200, { "Content-Length": "100" })
      await new Promise((resolve) => ctx.res.write("half", resolve))
      throw late
    })
    const { status, body } = await server.ask()
    expect([status, body]).toEqual([200, "half"])
    expect(server.reported.map(({ error }) => error)).toEqual([late])
  })

  it("doesn't touch a response that was already complete", async () => {
    await using server = await serve((ctx) => {
      ctx.status = 200
      ctx.res.end("done")
      throw new Error(secret)
    })
    expect(await server.ask()).toMatchObject({ status: 200, body: "done" })
    expect(server.reported).toHaveLength(1)
  })
})

describe("problemDetails gives a body to an error response without one", () => {
  const router = new Router().get("/treasures", (ctx) => {
    ctx.body = "treasures"
  })

  it("as Koa's own 404", async () => {
    await using server = await serve((_ctx, next) => next())
    const { status, headers, body } = await server.ask()
    expect([status, headers["content-type"]]).toEqual([404, "application/problem+json"])
    expect(JSON.parse(body)).toMatchObject({ type: `${problemBase}not-found` })
  })

  it("as a router's 405, with its Allow (RFC 9110 §15.5.6)", async () => {
    const app = new Koa().use(problemDetails({ problemBase })).use(router.routes()).use(router.allowedMethods())
    await using server = await listen(app)
    const { status, headers, body } = await request(server.port, { method: "DELETE", path: "/treasures" })
    expect([status, headers["allow"]]).toEqual([405, "HEAD, GET"])
    expect(JSON.parse(body)).toMatchObject({ type: `${problemBase}method-not-allowed` })
    expect((await request(server.port, { path: "/treasures" })).body).toBe("treasures")
  })

  it("as a router's 501 for an unknown method", async () => {
    const app = new Koa().use(problemDetails({ problemBase })).use(router.routes()).use(router.allowedMethods())
    await using server = await listen(app)
    const { status, body } = await request(server.port, { method: "PROPFIND", path: "/treasures" })
    expect(status).toBe(501)
    expect(JSON.parse(body)).toEqual({ type: "about:blank", title: "Not Implemented", status: 501 })
  })

  it("as a status that was set without a body", async () => {
    await using server = await serve((ctx) => {
      ctx.status = 403
    })
    expect(JSON.parse((await server.ask()).body)).toEqual({ type: "about:blank", title: "Forbidden", status: 403 })
  })

  it("and answers HEAD with just its length (RFC 9110 §9.3.2)", async () => {
    await using server = await serve((_ctx, next) => next())
    const [get, head] = [await server.ask(), await server.ask({ method: "HEAD" })]
    expect(head).toMatchObject({ status: 404, headers: get.headers, body: "" })
  })
})

describe("problemDetails doesn't touch", () => {
  it.each<[what: string, middleware: Middleware, status: number, body: string]>([
    ["what went well", (ctx) => void (ctx.body = "ok"), 200, "ok"],
    ["an empty response that isn't an error", (ctx) => void (ctx.status = 204), 204, ""],
    ["an error with a body of its own", (ctx) => void Object.assign(ctx, { status: 404, body: "mine" }), 404, "mine"],
    [
      "an answer that is written past Koa",
      (ctx) => {
        ctx.respond = false
        ctx.res.statusCode = 404
        ctx.res.end("raw")
      },
      404,
      "raw",
    ],
    [
      "an answer that is going to be written past Koa",
      (ctx) => {
        ctx.respond = false
        ctx.res.statusCode = 404
        setImmediate(() => ctx.res.end(ctx.res.hasHeader("Content-Type") ? "touched" : "raw"))
      },
      404,
      "raw",
    ],
  ])("%s", async (_what, middleware, status, body) => {
    await using server = await serve(middleware)
    expect(await server.ask()).toMatchObject({ status, body })
    expect(server.reported).toEqual([])
  })
})

describe("problemDetails", () => {
  it("refuses a base that no slug can be appended to", () => {
    expect(() => problemDetails({ problemBase: "https://api.example.test/problems" })).toThrow("problemBase")
  })

  it("has a name in stack traces and logs", () => {
    expect(problemDetails({ problemBase }).name).toBe("problemDetails")
  })
})
