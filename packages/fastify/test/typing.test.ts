/**
 * Shows that no cast is needed, and that a misspelt scope doesn't compile: the compiler checks this file, and it runs.
 */
import { expect, expectTypeOf, it } from "@effect/vitest"
import type { Caller } from "@tokenry/core/promise"
import { bearer } from "@tokenry/fastify"
import fastify from "fastify"
import { openTokens, withToken } from "./tokens.ts"

it("request.caller is typed, in shorthand routes and in whole ones", async () => {
  const tokens = await openTokens()
  const guard = bearer({ tokens, realm: "treasures" })
  const app = fastify()
  await app.register(guard)
  app.get("/short", guard.requireScopes("treasure:read"), (request) => {
    expectTypeOf(request.caller).toEqualTypeOf<Caller>()
    return { owner: request.caller.ownedBy }
  })
  app.route({
    ...guard.requireScopes("treasure:read"),
    method: "GET",
    url: "/whole",
    handler: async (request) => ({ owner: request.caller.ownedBy }),
  })
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  for (const url of ["/short", "/whole"]) {
    expect((await app.inject({ url, ...withToken(plaintext) })).json()).toEqual({ owner: "user-1" })
  }
})

it("a misspelt scope doesn't compile, and throws when the route is made", async () => {
  const guard = bearer({ tokens: await openTokens(), realm: "treasures" })
  // @ts-expect-error: treasure:reed is not declared.
  expect(() => guard.requireScopes("treasure:reed")).toThrow(/treasure:reed.*treasure:read/)
  expect(() => guard.requireScopes()).toThrow("name at least one scope")
})

it("a misspelt scope in a route's config throws when the route is registered, naming route and nearest scope", async () => {
  const app = fastify()
  await app.register(bearer({ tokens: await openTokens(), realm: "treasures" }))
  const register = (scopes: unknown) => () => app.get("/treasures", { config: { scopes: scopes as [] } }, () => "")
  expect(register(["treasure:reed"])).toThrow(/GET \/treasures: config\.scopes: "treasure:reed".*treasure:read/)
  expect(register([])).toThrow("name at least one scope")
  expect(register("treasure:read")).toThrow('must be an array, as in ["treasure:read"]')
})
