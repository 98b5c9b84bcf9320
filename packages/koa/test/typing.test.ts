/**
 * Shows that no cast is needed, and that a misspelt scope doesn't compile: the compiler checks this file, and its
 * routes are run.
 */
import { expect, expectTypeOf, it } from "@effect/vitest"
import { Router } from "@koa/router"
import type { Caller } from "@tokenry/core/promise"
import Koa from "koa"
import { bearer, type CallerState, introspection, problemDetails } from "@tokenry/koa"
import { listen, openTokens, request, type Scope } from "./server.ts"

const realm = "treasures"

const open = async () => {
  const tokens = await openTokens()
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  return { tokens, guard: bearer({ tokens, realm }), authorization: [`Bearer ${plaintext}`] }
}

it("ctx.state.caller is typed after app.use(bearer(…))", async () => {
  const { guard, authorization } = await open()
  const app = new Koa<{}, {}>()
    .use(problemDetails())
    .use(guard)
    .use(guard.requireScopes("treasure:read"))
    .use((ctx) => {
      expectTypeOf(ctx.state).toEqualTypeOf<CallerState<Scope>>()
      expectTypeOf<typeof ctx>().not.toHaveProperty("whatever")
      ctx.body = ctx.state.caller.ownedBy
    })
  await using server = await listen(app)
  expect((await request(server.port, { authorization })).body).toBe("user-1")
})

it("ctx.state.caller is typed in an application without its own types", async () => {
  const { guard, authorization } = await open()
  const app = new Koa().use(guard).use((ctx) => {
    expectTypeOf(ctx.state.caller).toEqualTypeOf<Caller<Scope>>()
    ctx.body = ctx.state.caller.ownedBy
  })
  await using server = await listen(app)
  expect((await request(server.port, { authorization })).body).toBe("user-1")
})

it("ctx.state.caller is typed in a route of @koa/router that requires scopes", async () => {
  const { guard, authorization } = await open()
  const router = new Router()
  router.get("/x/:id", guard.requireScopes("treasure:read"), (ctx) => {
    expectTypeOf(ctx.state.caller).toEqualTypeOf<Caller<Scope>>()
    ctx.body = `${ctx.state.caller.ownedBy} ${ctx.params["id"]}`
  })
  const app = new Koa().use(problemDetails()).use(router.routes()).use(router.allowedMethods())
  await using server = await listen(app)
  expect((await request(server.port, { authorization, path: "/x/7" })).body).toBe("user-1 7")
})

it("a misspelt scope doesn't compile, and is an error when the route is made, with the nearest one", async () => {
  const { tokens, guard } = await open()
  // @ts-expect-error Not a declared scope.
  const requiring = () => guard.requireScopes("treasure:read", "treasure:edti")
  expect(requiring).toThrow('requireScopes: "treasure:edti" must be a declared scope; did you mean treasure:edit?')
  // @ts-expect-error Not a declared scope.
  const introspecting = () => introspection({ tokens, realm, scopeForAll: "treasure:delet" })
  expect(introspecting).toThrow("did you mean treasure:delete?")
})

it("options that are misspelt, missing or of the wrong type don't compile", async () => {
  const { tokens } = await open()
  // @ts-expect-error There is no such option.
  expect(() => bearer({ tokens, realm, problembase: "https://api.example.test/" })).toThrow("did you mean problemBase?")
  // @ts-expect-error realm is missing.
  expect(() => bearer({ tokens })).toThrow("realm is missing")
  // @ts-expect-error A header is an object.
  expect(() => bearer({ tokens, realm, from: "X-API-Key" })).toThrow("from")
})
