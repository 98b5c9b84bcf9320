/** A request as `@tokenry/http` reads it. */
import { type GuardedRequest, rawHeaderValues } from "@tokenry/http"
import type { ParameterizedContext } from "koa"

export const guardedRequestOf = (ctx: Pick<ParameterizedContext, "req" | "ip">): GuardedRequest => ({
  headerValues: (name) => rawHeaderValues(ctx.req.rawHeaders, name),
  get address() {
    return ctx.ip
  },
})
