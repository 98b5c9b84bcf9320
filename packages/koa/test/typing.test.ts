/** That nobody needs a cast: this file is checked by the compiler, and its routes are run. */
import { expect, expectTypeOf, it } from "@effect/vitest"
import { Router } from "@koa/router"
import type { Caller } from "@tokenry/core/promise"
import Koa from "koa"
import { bearer, type CallerState, problemDetails, requireScopes } from "@tokenry/koa"
import { listen, openTokens, request } from "./server.ts"

const problemBase = "https://api.example.test/problems/"

it("ctx.state.caller is typed after app.use(bearer(…))", async () => {
  const tokens = await openTokens()
  const app = new Koa<{}, {}>()
    .use(problemDetails({ problemBase }))
    .use(bearer({ tokens, realm: "treasures", problemBase }))
    .use(requireScopes("treasure:read"))
    .use((ctx) => {
      expectTypeOf(ctx.state).toEqualTypeOf<CallerState>()
      expectTypeOf<typeof ctx>().not.toHaveProperty("whatever")
      ctx.body = ctx.state.caller.ownedBy
    })
  await using server = await listen(app)
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  const answer = await request(server.port, { authorization: [`Bearer ${plaintext}`] })
  expect(answer.body).toBe("user-1")
})

it("ctx.state.caller is typed in an application without types of its own", async () => {
  const tokens = await openTokens()
  const app = new Koa().use(bearer({ tokens, realm: "treasures", problemBase })).use((ctx) => {
    expectTypeOf(ctx.state.caller).toEqualTypeOf<Caller>()
    ctx.body = ctx.state.caller.ownedBy
  })
  await using server = await listen(app)
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  expect((await request(server.port, { authorization: [`Bearer ${plaintext}`] })).body).toBe("user-1")
})

it("ctx.state.caller is typed in a route of @koa/router", async () => {
  const tokens = await openTokens()
  const router = new Router()
  router.get("/x/:id", bearer({ tokens, realm: "treasures", problemBase }), requireScopes("treasure:read"), (ctx) => {
    expectTypeOf(ctx.state.caller).toEqualTypeOf<Caller>()
    ctx.body = `${ctx.state.caller.ownedBy} ${ctx.params["id"]}`
  })
  const app = new Koa().use(problemDetails({ problemBase })).use(router.routes()).use(router.allowedMethods())
  await using server = await listen(app)
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  const answer = await request(server.port, { authorization: [`Bearer ${plaintext}`], path: "/x/7" })
  expect(answer.body).toBe("user-1 7")
})
