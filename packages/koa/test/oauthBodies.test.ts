/** The bodies of OAuth requests, read by Koa's body parsers or by the endpoint itself. */
import { once } from "node:events"
import { connect } from "node:net"
import { bodyParser } from "@koa/bodyparser"
import { Router } from "@koa/router"
import { describe, expect, it, vi } from "@effect/vitest"
import Koa from "koa"
import { koaBody } from "koa-body"
import mount from "koa-mount"
import { introspection, problemDetails, revocation } from "@tokenry/koa"
import { listen, openTokens, type Request, request } from "./server.ts"

const parsers: Record<string, ReadonlyArray<Koa.Middleware>> = {
  nothing: [],
  "@koa/bodyparser": [bodyParser()],
  "@koa/bodyparser without forms": [bodyParser({ enableTypes: ["json"] })],
  "@koa/bodyparser, which leaves it in Node's request too": [bodyParser({ patchNode: true })],
  "koa-body": [koaBody()],
  "koa-body, which leaves it in Node's request": [koaBody({ patchKoa: false, patchNode: true })],
  "koa-body with files": [koaBody({ multipart: true })],
}

const formType = "Content-Type: application/x-www-form-urlencoded"

/** Both endpoints after a parser, and a caller with a token. */
const serve = async (before: ReadonlyArray<Koa.Middleware> = [], bodyTimeout?: "50 millis") => {
  const tokens = await openTokens()
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "caller", scopes: [] })
  const app = new Koa().use(problemDetails())
  const reported: Array<unknown> = []
  app.on("error", (error) => reported.push(error))
  for (const middleware of before) app.use(middleware)
  const options = bodyTimeout === undefined ? {} : { bodyTimeout }
  app.use(introspection({ tokens, realm: "treasures", ...options })).use(revocation({ tokens, ...options }))
  const server = await listen(app)
  const post = (path: string, body: string, asked: Request = {}) =>
    request(server.port, {
      method: "POST",
      path,
      body,
      headers: [formType],
      authorization: [`Bearer ${plaintext}`],
      ...asked,
    })
  const issue = () => tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  return { ...server, tokens, plaintext, issue, post, reported }
}

const errorOf = ({ body }: { readonly body: string }): unknown => JSON.parse(body).error

describe.each(Object.entries(parsers))("after %s", (_, before) => {
  it("introspection and revocation read the form", async () => {
    await using server = await serve(before)
    const { plaintext, token } = await server.issue()
    const form = `token=${plaintext}&token_type_hint=access_token`
    const introspected = await server.post("/oauth/introspect", form)
    expect(introspected).toMatchObject({ status: 200, headers: { "cache-control": "no-store" } })
    expect(JSON.parse(introspected.body)).toMatchObject({ active: true, jti: token.id })
    expect(await server.post("/oauth/revoke", form)).toMatchObject({ status: 200, body: "" })
    expect((await server.post("/oauth/introspect", form)).body).toBe('{"active":false}')
  })

  it.each([
    ["no body (RFC 7009 §2.1)", "", [formType]],
    ["no body and no type", "", []],
    ["no token", "x=1", [formType]],
    ["an empty token (RFC 6749 §3.2)", "token=", [formType]],
    ["two tokens (RFC 6749 §3.2)", "token=tok_1&token=tok_2", [formType]],
    ["two hints (RFC 6749 §3.2)", "token=tok_1&token_type_hint=a&token_type_hint=b", [formType]],
    ["a token in brackets", "token[x]=tok_1", [formType]],
    ["JSON", '{"token":"tok_1"}', ["Content-Type: application/json"]],
    ["JSON declared as a form", '{"token":"tok_1"}', [formType]],
    ["a form not declared as one", "token=tok_1", []],
    ["a form declared as text", "token=tok_1", ["Content-Type: text/plain"]],
  ])("%s is 400 invalid_request (RFC 6749 §5.2)", async (_what, body, headers) => {
    await using server = await serve(before)
    for (const path of ["/oauth/introspect", "/oauth/revoke"]) {
      const answer = await server.post(path, body, { headers })
      expect(answer).toMatchObject({
        status: 400,
        headers: { "content-type": "application/json", "cache-control": "no-store" },
      })
      expect(errorOf(answer)).toBe("invalid_request")
      expect(answer.bytes).not.toContain("tok_1")
    }
  })

  it("an unknown token type isn't an error (RFC 7009 §2.1)", async () => {
    await using server = await serve(before)
    expect(await server.post("/oauth/revoke", "token=x&token_type_hint=pigeon")).toMatchObject({ status: 200 })
    expect(await server.post("/oauth/introspect", "token=x&token_type_hint=pigeon")).toMatchObject({ status: 200 })
  })

  it("a form in chunks is read to its end (RFC 9112 §7.1)", async () => {
    await using server = await serve(before)
    const { plaintext } = await server.issue()
    const socket = connect(server.port, "127.0.0.1")
    const form = `token=${plaintext}`
    const chunks = [form.slice(0, 7), form.slice(7)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    const head = ["POST /oauth/revoke HTTP/1.1", "Host: x", formType, "Transfer-Encoding: chunked", "Connection: close"]
    socket.write(`${head.join("\r\n")}\r\n\r\n${chunks.join("")}0\r\n\r\n`)
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 200 /)
    socket.destroy()
    expect(await server.tokens.verify(plaintext)).toMatchObject({ refusal: { _tag: "Revoked" } })
  })
})

describe("a body that no parser has read", () => {
  it("of exactly 16 KiB is read", async () => {
    await using server = await serve()
    expect(await server.post("/oauth/revoke", `token=${"a".repeat(16_378)}`)).toMatchObject({ status: 200 })
    expect(await server.post("/oauth/revoke", `token=${"a".repeat(16_379)}`)).toMatchObject({ status: 413 })
  })

  it("is 413 above 16 KiB, with or without a declared length, and the connection stays open", async () => {
    await using server = await serve()
    const body = `token=${"a".repeat(16_384)}`
    expect(await server.post("/oauth/revoke", body)).toMatchObject({ status: 413 })
    const large = "a".repeat(1_000_000)
    const chunked = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`
    const socket = connect(server.port, "127.0.0.1")
    socket.write(
      `POST /oauth/revoke HTTP/1.1\r\nHost: x\r\n${formType}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    )
    const first = String(await once(socket, "data"))
    expect(first).toMatch(/^HTTP\/1\.1 413 /)
    expect(first).toContain('"error":"invalid_request"')
    socket.write(`POST /oauth/revoke HTTP/1.1\r\nHost: x\r\n${formType}\r\nContent-Length: 7\r\n\r\ntoken=x`)
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 200 /)
    socket.destroy()
  })

  it("is 413 at once if its declared length is too large", async () => {
    await using server = await serve()
    const headers = [formType, "Content-Length: 1000000"]
    expect(await server.post("/oauth/revoke", "", { headers })).toMatchObject({ status: 413 })
  })

  it("is 408 if it doesn't arrive in time, and the connection ends (RFC 9110 §15.5.9)", async () => {
    await using server = await serve([], "50 millis")
    const socket = connect(server.port, "127.0.0.1")
    socket.write(`POST /oauth/revoke HTTP/1.1\r\nHost: x\r\n${formType}\r\nContent-Length: 100\r\n\r\ntoken=`)
    const closed = once(socket, "close")
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 408 [\s\S]*Connection: close/)
    await closed
  })

  it.each([
    ["bytes that aren't UTF-8", "token=\xe9", [formType]],
    ["another charset", "token=x", [`${formType}; charset=iso-8859-1`]],
    ["a compressed one", "token=x", [formType, "Content-Encoding: gzip"]],
  ])("is 400 if it is %s", async (_what, body, headers) => {
    await using server = await serve()
    const socket = connect(server.port, "127.0.0.1")
    const head = ["POST /oauth/revoke HTTP/1.1", "Host: x", "Connection: close", `Content-Length: ${body.length}`]
    socket.write(Buffer.from(`${[...head, ...headers].join("\r\n")}\r\n\r\n${body}`, "latin1"))
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 400 /)
    socket.destroy()
  })

  it("that is cut off is no longer awaited, and isn't an error", async () => {
    const reported = vi.fn<(error: unknown) => void>()
    const served = Promise.withResolvers<void>()
    await using server = await serve([
      async (_ctx, next) => {
        await next().catch(reported)
        served.resolve()
      },
    ])
    const socket = connect(server.port, "127.0.0.1")
    socket.write(`POST /oauth/revoke HTTP/1.1\r\nHost: x\r\n${formType}\r\nContent-Length: 100\r\n\r\ntoken=`, () =>
      socket.destroy(),
    )
    await served.promise
    expect(reported).not.toHaveBeenCalled()
  })
})

it("a body in ctx.request.body counts, whatever put it there", async () => {
  const parsed: { token?: string } = {}
  await using server = await serve([
    (ctx, next) => {
      Object.assign(ctx.request, { body: parsed })
      return next()
    },
  ])
  const { plaintext } = await server.issue()
  parsed.token = plaintext
  expect((await server.post("/oauth/revoke", "token=x")).status).toBe(200)
  expect(await server.tokens.verify(plaintext)).toMatchObject({ refusal: { _tag: "Revoked" } })
})

it("a body that was read and left nowhere is an application error that the log explains", async () => {
  await using server = await serve([
    async (ctx, next) => {
      ctx.req.resume()
      await once(ctx.req, "end")
      return next()
    },
  ])
  const answer = await server.post("/oauth/revoke", "token=tok_1")
  expect(answer.status).toBe(500)
  expect(server.reported).toEqual([
    expect.objectContaining({
      message: expect.stringContaining("An earlier middleware read the body"),
    }),
  ])
  expect(answer.bytes + String(server.reported)).not.toContain("tok_1")
})

describe("the endpoints work", () => {
  const both = async () => {
    const tokens = await openTokens()
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const ask = (port: number, path: string) =>
      request(port, {
        method: "POST",
        path,
        body: `token=${plaintext}`,
        headers: [formType],
        authorization: [`Bearer ${plaintext}`],
      })
    return { tokens, ask, plaintext }
  }

  it.each(Object.entries(parsers))("below koa-mount, at several paths, after %s", async (_, before) => {
    const { tokens, ask, plaintext } = await both()
    const endpoint = introspection({ tokens, realm: "treasures" })
    const app = new Koa()
    for (const middleware of before) app.use(middleware)
    app
      .use(mount("/v1", endpoint))
      .use(mount("/v2", endpoint))
      .use(mount("/v2", revocation({ tokens })))
      .use(endpoint)
    await using server = await listen(app)
    for (const prefix of ["", "/v1", "/v2"]) {
      expect(JSON.parse((await ask(server.port, `${prefix}/oauth/introspect`)).body)).toMatchObject({ active: true })
    }
    expect((await ask(server.port, "/v3/oauth/introspect")).status).toBe(404)
    expect((await ask(server.port, "/v2/oauth/revoke")).status).toBe(200)
    expect(await tokens.verify(plaintext)).toMatchObject({ accepted: false })
  })

  it("in a router's routes with a prefix, at any path", async () => {
    const { tokens, ask } = await both()
    const router = new Router({ prefix: "/api" })
    router.post("/tokens/introspect", introspection({ tokens, realm: "treasures", path: null }))
    router.post("/tokens/revoke", revocation({ tokens, path: null }))
    const app = new Koa().use(router.routes()).use(router.allowedMethods())
    await using server = await listen(app)
    expect(JSON.parse((await ask(server.port, "/api/tokens/introspect")).body)).toMatchObject({ active: true })
    expect((await ask(server.port, "/api/tokens/revoke")).status).toBe(200)
    expect((await request(server.port, { path: "/api/tokens/revoke" })).status).toBe(405)
  })

  it("twice in one application, with the same response as once", async () => {
    const { tokens, ask } = await both()
    const app = new Koa()
      .use(introspection({ tokens, realm: "treasures" }))
      .use(introspection({ tokens, realm: "treasures" }))
    await using server = await listen(app)
    expect(JSON.parse((await ask(server.port, "/oauth/introspect")).body)).toMatchObject({ active: true })
  })
})
