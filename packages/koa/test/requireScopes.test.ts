import { describe, expect, it } from "@effect/vitest"
import Koa from "koa"
import { bearer, problemDetails, requireScopes } from "@tokenry/koa"
import { listen, openTokens, request } from "./server.ts"

const problemBase = "https://api.example.test/problems/"

const serve = async () => {
  const tokens = await openTokens()
  const app = new Koa()
    .use(problemDetails({ problemBase }))
    .use(bearer({ tokens, realm: "treasures", problemBase }))
    .use(requireScopes("treasure:read", "treasure:delete"))
    .use((ctx) => {
      ctx.body = ctx.state.caller.ownedBy
    })
  const server = await listen(app)
  const askWith = async (...scopes: ReadonlyArray<string>) => {
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes })
    return request(server.port, { authorization: [`Bearer ${plaintext}`] })
  }
  return { ...server, tokens, askWith }
}

describe("requireScopes", () => {
  it("lets a caller pass who has all of them", async () => {
    await using server = await serve()
    expect((await server.askWith("treasure:delete", "treasure:read")).status).toBe(200)
  })

  it("notes which scopes were exercised, so that the others can be taken away", async () => {
    await using server = await serve()
    const { status } = await server.askWith("treasure:edit", "treasure:delete")
    expect(status).toBe(200)
    const { items } = await server.tokens.list({ ownedBy: "user-1" })
    expect(await server.tokens.usageOf(items)).toMatchObject([
      { count: 1, unusedScopes: ["treasure:edit"], narrowableTo: ["treasure:read", "treasure:delete"] },
    ])
  })

  it("counts what the token's scopes imply", async () => {
    await using server = await serve()
    expect((await server.askWith("treasure:edit", "treasure:delete")).status).toBe(200)
  })

  it.each([
    ["none", []],
    ["one of two", ["treasure:delete"]],
    ["others", ["treasure:edit"]],
  ])(
    "answers 403 insufficient_scope with all that is required to a caller who has %s (RFC 6750 §3.1)",
    async (_what, held) => {
      await using server = await serve()
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

  it("without bearer before it is an error of the application, and says so", async () => {
    const reported: Array<unknown> = []
    const app = new Koa()
      .use(problemDetails({ problemBase, onError: (error) => void reported.push(error) }))
      .use(requireScopes("treasure:read"))
      .use((ctx) => {
        ctx.body = "passed"
      })
    await using server = await listen(app)
    expect((await request(server.port)).status).toBe(500)
    expect(reported).toEqual([expect.objectContaining({ message: expect.stringContaining("after bearer") })])
  })

  it("challenges for the realm of the bearer that let the request pass", async () => {
    const tokens = await openTokens()
    const app = new Koa()
      .use(async (ctx, next) => {
        const realm = ctx.path === "/a" ? "harbour" : "island"
        await bearer({ tokens, realm, problemBase: `https://${realm}.example.test/` })(ctx, next)
      })
      .use(requireScopes("treasure:read"))
    await using server = await listen(app)
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    for (const [path, realm] of [
      ["/a", "harbour"],
      ["/b", "island"],
    ] as const) {
      const { headers, body } = await request(server.port, { path, authorization: [`Bearer ${plaintext}`] })
      expect(headers["www-authenticate"]).toContain(`realm="${realm}"`)
      expect(JSON.parse(body).type).toBe(`https://${realm}.example.test/insufficient-scope`)
    }
  })

  it("is refused when it is made without a scope, or with one that is no scope-token (RFC 6749 §3.3)", () => {
    expect(() => requireScopes()).toThrow("at least one scope")
    expect(() => requireScopes("treasure:read", "treasure edit")).toThrow("scope-token")
    expect(() => requireScopes("")).toThrow("scope-token")
  })

  it("is called by its name in stack traces and logs", () => {
    expect(requireScopes("treasure:read").name).toBe("requireScopes")
  })
})
