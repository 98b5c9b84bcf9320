/** An application that keeps its own error format. */
import { describe, expect, it, vi } from "@effect/vitest"
import { InvalidInput, MemoryRepository, RepositoryUnavailable, TokenNotFound } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import type { Denial } from "@tokenry/http"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import Koa, { type Context, type Middleware } from "koa"
import { bearer, type BearerOptions, httpErrors } from "@tokenry/koa"
import { listen, openTokens, type Request, request, type Scope, scopes } from "./server.ts"

const outage = new RepositoryUnavailable({ operation: "findByDigest", cause: new Error("10.0.0.7 is away") })
const failing = Layer.effect(
  ApiTokenRepository,
  ApiTokenRepository.use((memory) => Effect.succeed({ ...memory, findByDigest: () => Effect.fail(outage) })),
).pipe(Layer.provide(MemoryRepository.layer))

const envelope = (code: string, message: string) => ({ error: { code, message } })

/** A typical error handler of a Koa application. */
const ownErrors: Middleware = async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    const { status, expose, code, message, headers } = error as Record<string, unknown>
    ctx.status = typeof status === "number" ? status : 500
    if (typeof headers === "object" && headers !== null) ctx.set(headers as Record<string, string>)
    ctx.body = envelope(String(code ?? "internal"), expose === true ? String(message) : "Something went wrong")
  }
}

const serve = async (
  tokens: BearerOptions<Scope>["tokens"],
  onDenied: NonNullable<BearerOptions<Scope>["onDenied"]>,
  route: Middleware = (ctx) => void (ctx.body = "treasures"),
) => {
  const guard = bearer({ tokens, realm: "treasures", onDenied })
  const app = new Koa().use(ownErrors).use(httpErrors()).use(guard).use(guard.requireScopes("treasure:read")).use(route)
  const reported: Array<unknown> = []
  app.on("error", (error) => reported.push(error))
  const server = await listen(app)
  return { ...server, reported, ask: (options?: Request) => request(server.port, options) }
}

const ownBody = (ctx: Context, { reason, title, detail }: Denial) => {
  ctx.body = envelope(reason, detail ?? title)
}

describe("onDenied", () => {
  it("renders every denial in the application's own format, with status and challenge already set", async () => {
    const tokens = await openTokens()
    await using server = await serve(tokens, ownBody)
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const challenge = 'Bearer realm="treasures"'
    for (const [authorization, status, code, header] of [
      [[], 401, "missing", challenge],
      [["Bearer a", "Bearer b"], 400, "malformed", `${challenge}, error="invalid_request"`],
      [["Bearer abc"], 401, "refused", `${challenge}, error="invalid_token"`],
      [[`Bearer ${plaintext}`], 403, "insufficient-scope", `${challenge}, error="insufficient_scope"`],
    ] as const) {
      const answer = await server.ask({ authorization })
      expect(answer.status).toBe(status)
      expect(JSON.parse(answer.body)).toEqual(envelope(code, expect.any(String)))
      expect(answer.headers["www-authenticate"]).toContain(header)
      expect(answer.headers).toMatchObject({
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-store",
        vary: "Authorization",
      })
    }
  })

  it("renders an outage too, and the application's error event fires once", async () => {
    const tokens = await createApiTokens({ repository: failing, catalogue: scopes })
    await using server = await serve(tokens, ownBody)
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const answer = await server.ask({ authorization: [`Bearer ${plaintext}`] })
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } })
    expect(JSON.parse(answer.body).error.code).toBe("unavailable")
    expect(answer.body).not.toContain("10.0.0.7")
    expect(server.reported).toEqual([outage])
  })

  it("is awaited, and isn't called for admitted requests", async () => {
    const tokens = await openTokens()
    const onDenied = vi.fn<(ctx: Context, denial: Denial) => Promise<void>>(async (ctx, denial) => {
      await Promise.resolve()
      ownBody(ctx, denial)
    })
    await using server = await serve(tokens, onDenied)
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
    expect(await server.ask({ authorization: [`Bearer ${plaintext}`] })).toMatchObject({ body: "treasures" })
    expect(onDenied).not.toHaveBeenCalled()
    expect(JSON.parse((await server.ask()).body).error.code).toBe("missing")
  })

  it.each<[how: string, onDenied: NonNullable<BearerOptions["onDenied"]>]>([
    ["throws", (ctx) => ctx.throw(418, "short and stout", { code: "own" })],
    ["rejects", async (ctx) => ctx.throw(418, "short and stout", { code: "own" })],
  ])("leaves it to the application's error handler when it %s, and admits nothing", async (_how, onDenied) => {
    const passed = vi.fn<() => void>()
    await using server = await serve(await openTokens(), onDenied, passed)
    const answer = await server.ask()
    expect(answer.status).toBe(418)
    expect(JSON.parse(answer.body)).toEqual(envelope("own", "short and stout"))
    // Koa's context keeps headers that were set before.
    expect(answer.headers["www-authenticate"]).toBe('Bearer realm="treasures"')
    expect(passed).not.toHaveBeenCalled()
  })
})

describe("httpErrors", () => {
  it.each<[error: Error, status: number, code: string, message: string]>([
    [
      new InvalidInput({ issues: [{ path: ["name"], message: "must be a string" }] }),
      400,
      "InvalidInput",
      "name must be a string",
    ],
    [new TokenNotFound({ id: "7" }), 404, "TokenNotFound", "This owner has no token 7"],
    [outage, 503, "RepositoryUnavailable", "Something went wrong"],
    [new TypeError("a bug"), 500, "internal", "Something went wrong"],
    [Object.assign(new Error("own"), { status: 409, expose: true, code: "taken" }), 409, "taken", "own"],
  ])("gives the usual error handler its status, code and message: $name", async (error, status, code, message) => {
    const tokens = await openTokens()
    await using server = await serve(tokens, ownBody, async () => {
      throw error
    })
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
    const answer = await server.ask({ authorization: [`Bearer ${plaintext}`] })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, envelope(code, message)])
    expect(answer.headers["retry-after"]).toBe(status === 503 ? "5" : undefined)
  })
})
