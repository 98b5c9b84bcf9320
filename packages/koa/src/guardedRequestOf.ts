/** A request as `@tokenry/http` reads it. */
import { type GuardedRequest, guardedRequest, rawHeaderValues } from "@tokenry/http"
import type { ParameterizedContext } from "koa"

export const guardedRequestOf = (
  ctx: Pick<ParameterizedContext, "req" | "ip" | "method" | "originalUrl">,
): GuardedRequest =>
  guardedRequest(
    ctx.method,
    () => ctx.originalUrl,
    (name) => rawHeaderValues(ctx.req.rawHeaders, name),
    () => ctx.ip,
  )
