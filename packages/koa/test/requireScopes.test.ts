import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import Koa from "koa"
import { bearer, problemDetails } from "@tokenry/koa"
import { listen, openTokens, request, type Scope } from "./server.ts"

const problemBase = "https://api.example.test/problems/"

/** A route that requires two scopes, after a guard of the whole application or without one. */
const serve = async ({ withGuard = true } = {}) => {
  const tokens = await openTokens()
  const guard = bearer({ tokens, realm: "treasures", problemBase })
  const app = new Koa().use(problemDetails({ problemBase }))
  if (withGuard) app.use(guard)
  app.use(guard.requireScopes("treasure:read", "treasure:delete")).use((ctx) => {
    ctx.body = ctx.state.caller.ownedBy
  })
  const server = await listen(app)
  const askWith = async (...scopes: ReadonlyArray<Scope>) => {
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes })
    return request(server.port, { authorization: [`Bearer ${plaintext}`] })
  }
  return { ...server, tokens, askWith }
}

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

describe.each([
  ["after the guard", { withGuard: true }],
  ["by itself", { withGuard: false }],
])("requireScopes %s", (_where, options) => {
  it("admits a caller who has all of them", async () => {
    await using server = await serve(options)
    expect(await server.askWith("treasure:delete", "treasure:read")).toMatchObject({ status: 200, body: "user-1" })
  })

  it("records which scopes were used, so the others can be removed", async () => {
    await using server = await serve(options)
    const { status } = await server.askWith("treasure:edit", "treasure:delete")
    expect(status).toBe(200)
    const { items } = await server.tokens.list({ ownedBy: "user-1" })
    expect(await server.tokens.usageOf(items)).toMatchObject([
      { count: 1, unusedScopes: ["treasure:edit"], narrowableTo: ["treasure:read", "treasure:delete"] },
    ])
  })

  it("counts implied scopes", async () => {
    await using server = await serve(options)
    expect((await server.askWith("treasure:edit", "treasure:delete")).status).toBe(200)
  })

  it.each<[what: string, held: ReadonlyArray<Scope>]>([
    ["none", []],
    ["one of two", ["treasure:delete"]],
    ["others", ["treasure:edit"]],
  ])(
    "answers 403 insufficient_scope with all that is required to a caller who has %s (RFC 6750 §3.1)",
    async (_what, held) => {
      await using server = await serve(options)
      const { status, headers, body } = await server.askWith(...held)
      expect(status).toBe(403)
      expect(headers["www-authenticate"]).toBe(
        'Bearer realm="treasures", error="insufficient_scope", error_description="The token lacks a required scope", ' +
          'scope="treasure:read treasure:delete"',
      )
      expect(headers).toMatchObject({ "cache-control": "no-store", vary: "Authorization" })
      expect(JSON.parse(body)).toMatchObject({
        type: `${problemBase}insufficient-scope`,
        scopes: ["treasure:read", "treasure:delete"],
      })
    },
  )

  it("counts a 403 in the metrics as a missing scope, and no other request", async () => {
    await using server = await serve(options)
    const before = authorizations()
    await server.askWith("treasure:edit")
    await server.askWith("treasure:edit", "treasure:delete")
    await server.askWith("treasure:delete")
    const after = authorizations()
    const grown = Object.keys(after).map((outcome) => [outcome, (after[outcome] ?? 0) - (before[outcome] ?? 0)])
    expect(Object.fromEntries(grown)).toEqual({ granted: 1, InsufficientScope: 2 })
  })

  it("authenticates: 401 without a token, and with a refused one", async () => {
    await using server = await serve(options)
    const answers = [await request(server.port), await request(server.port, { authorization: ["Bearer abc"] })]
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    expect(answers[1]?.headers["www-authenticate"]).toContain('error="invalid_token"')
  })
})

describe("two guards in one application", () => {
  const serveTwo = async () => {
    const [island, harbour] = [await openTokens(), await openTokens()]
    const outer = bearer({ tokens: island, realm: "island", problemBase: "https://island.example.test/" })
    const inner = bearer({ tokens: harbour, realm: "harbour", problemBase: "https://harbour.example.test/" })
    const ofOuter = outer.requireScopes("treasure:read")
    const ofInner = inner.requireScopes("treasure:read")
    const app = new Koa()
      .use((ctx, next) => (ctx.path.startsWith("/outer") ? outer(ctx, next) : next()))
      .use((ctx, next) => (ctx.path.endsWith("/outer") ? ofOuter(ctx, next) : ofInner(ctx, next)))
      .use((ctx) => {
        ctx.body = String(ctx.state["caller"]?.ownedBy)
      })
    const server = await listen(app)
    const from = async (tokens: typeof island, scopes: ReadonlyArray<Scope>) =>
      (await tokens.issue({ ownedBy: "user-1", name: "CI", scopes })).plaintext
    const ask = (path: string, token: string) => request(server.port, { path, authorization: [`Bearer ${token}`] })
    return { ...server, island, harbour, from, ask }
  }

  it("each challenge for their own realm, with their own problems", async () => {
    await using server = await serveTwo()
    const outer = await server.ask("/outer/outer", await server.from(server.island, []))
    const inner = await server.ask("/inner", await server.from(server.harbour, []))
    expect([outer.status, inner.status]).toEqual([403, 403])
    expect(outer.headers["www-authenticate"]).toContain('realm="island"')
    expect(inner.headers["www-authenticate"]).toContain('realm="harbour"')
    expect(JSON.parse(outer.body).type).toBe("https://island.example.test/insufficient-scope")
    expect(JSON.parse(inner.body).type).toBe("https://harbour.example.test/insufficient-scope")
  })

  it("never accept each other's caller", async () => {
    await using server = await serveTwo()
    const token = await server.from(server.island, ["treasure:read"])
    const answer = await server.ask("/outer/inner", token)
    expect(answer.status).toBe(401)
    expect(answer.headers["www-authenticate"]).toContain('realm="harbour"')
    expect((await server.ask("/outer/outer", token)).status).toBe(200)
  })
})

describe("requireScopes", () => {
  it("refuses, when made, no scope and undeclared scopes", async () => {
    const { requireScopes } = bearer({ tokens: await openTokens(), realm: "treasures" })
    const untyped = requireScopes as (...scopes: ReadonlyArray<unknown>) => unknown
    expect(() => untyped()).toThrow("requireScopes: name at least one scope")
    expect(() => untyped("treasure:read", "treasure edit")).toThrow('"treasure edit" must be a declared scope')
    expect(() => untyped("treasure:raed")).toThrow("did you mean treasure:read?")
    expect(() => untyped("")).toThrow("must be a declared scope")
    expect(() => untyped(["treasure:read"])).toThrow("each scope must be a string")
  })

  it("has a name in stack traces and logs", async () => {
    const { requireScopes } = bearer({ tokens: await openTokens(), realm: "treasures" })
    expect(requireScopes("treasure:read").name).toBe("requireScopes")
  })
})
