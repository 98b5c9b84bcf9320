/** For monitoring: whether the process is alive, and whether it is ready. */
import { Router } from "@koa/router"
import { Route } from "@tokenry/http"
import { Status } from "../api/schemas.ts"
import { anyone } from "../api/security.ts"
import type { DemoState } from "../http/authentication.ts"
import { exactPaths } from "../http/routing.ts"
import { serve } from "../http/serve.ts"
import type { Services } from "../Services.ts"

export const declaredHealth = {
  lives: Route.declare({
    method: "GET",
    path: "/healthz",
    operationId: "checkLife",
    summary: "Reports that the process is alive",
    security: anyone,
    answers: { 200: { description: "It lives", schema: Status } },
  }),
  isReady: Route.declare({
    method: "GET",
    path: "/readyz",
    operationId: "checkReadiness",
    summary: "Reports whether the process is ready to serve requests",
    security: anyone,
    answers: { 200: { description: "It does", schema: Status } },
    problems: ["store-unavailable"],
  }),
}

export const healthRoutes = (services: Services): Router<DemoState> => {
  const router = new Router<DemoState>(exactPaths)

  serve(router, services, declaredHealth.lives, (ctx) => {
    ctx.set("Cache-Control", "no-store")
    ctx.body = { status: "alive" }
  })

  serve(router, services, declaredHealth.isReady, async (ctx) => {
    await services.store.ping()
    ctx.set("Cache-Control", "no-store")
    ctx.body = { status: "ready" }
  })

  return router
}
