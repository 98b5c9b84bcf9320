/** For who watches the process: whether it lives, and whether it can do its work. */
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
    summary: "Says that the process lives",
    security: anyone,
    answers: { 200: { description: "It lives", schema: Status } },
  }),
  isReady: Route.declare({
    method: "GET",
    path: "/readyz",
    operationId: "checkReadiness",
    summary: "Says whether the store answers",
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
