/** Every rule of docs/conformance.md, over real sockets. */
import Koa, { type Middleware } from "koa"
import { bearer, type CallerState, problemDetails, requireScopes } from "@tokenry/koa"
import { bearerConformance } from "../../../tools/bearer-conformance/bearerConformance.ts"

bearerConformance(
  ({ tokens, realm, problemBase }) => {
    const hoardScopes = requireScopes("treasure:read", "treasure:delete")
    const app = new Koa()
      .use(problemDetails({ problemBase }))
      .use(readableEverywhere)
      .use(bearer({ tokens, realm, problemBase }))
      .use((ctx, next) => {
        if (ctx.path === "/hoard") return hoardScopes(ctx, next)
        return ctx.path === "/" ? next() : undefined
      })
      .use(greet)
    app.on("error", () => undefined)
    return app.callback()
  },
  { readsBesides: false },
)

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
