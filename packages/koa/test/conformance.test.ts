/** Every rule of docs/conformance.md, over real sockets, with every supported version of Koa. */
import { describe } from "@effect/vitest"
import { bearer, type CallerState, problemDetails } from "@tokenry/koa"
import Koa3, { type Middleware } from "koa"
import Koa2 from "koa2"
import { bearerConformance } from "../../../tools/bearer-conformance/bearerConformance.ts"

const versions = [
  ["Koa 3", Koa3],
  // Its types differ from Koa 3's in members that aren't used here.
  ["Koa 2", Koa2 as unknown as typeof Koa3],
] as const

describe.each(versions)("%s", (_version, Koa) => {
  bearerConformance((options) => {
    const guard = bearer(options)
    const hoard = guard.requireScopes("treasure:read", "treasure:delete")
    const app = new Koa()
      .use(problemDetails({ problemBase: options.problemBase }))
      .use(readableEverywhere)
      .use(guard)
      .use((ctx, next) => {
        if (ctx.path === "/hoard") return hoard(ctx, next)
        return ctx.path === "/" ? next() : undefined
      })
      .use(greet)
    app.on("error", () => undefined)
    return app.callback()
  })
})

const readableEverywhere: Middleware = (ctx, next) => {
  ctx.vary("Origin")
  const origin = ctx.get("Origin")
  if (origin !== "") {
    ctx.set({ "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "WWW-Authenticate" })
    if (ctx.method === "OPTIONS" && ctx.get("Access-Control-Request-Method") !== "") {
      ctx.set("Access-Control-Allow-Headers", "authorization")
      ctx.status = 204
      return
    }
  }
  return next()
}

const greet: Middleware<CallerState> = (ctx) => {
  ctx.body = ctx.state.caller.ownedBy
  ctx.etag = ctx.state.caller.ownedBy
  if (ctx.fresh) ctx.status = 304
}
