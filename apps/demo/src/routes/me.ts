/** Who am I: shows a client what its token represents. */
import { Router } from "@koa/router"
import { Route } from "@tokenry/http"
import { Me } from "../api/schemas.ts"
import { sessionOrToken } from "../api/security.ts"
import type { DemoState } from "../http/authentication.ts"
import { exactPaths } from "../http/routing.ts"
import { serve } from "../http/serve.ts"
import type { Services } from "../Services.ts"

export const declaredMe = {
  show: Route.declare({
    method: "GET",
    path: "/api/me",
    operationId: "showCaller",
    summary: "Returns the caller and its current rights",
    security: sessionOrToken(),
    answers: { 200: { description: "The caller", schema: Me } },
  }),
}

export const meRoutes = (services: Services): Router<DemoState> => {
  const router = new Router<DemoState>(exactPaths)

  serve(router, services, declaredMe.show, async (ctx) => {
    const { via, ownedBy, scopes } = ctx.state.principal
    const account = await services.store.accounts.find(ownedBy)
    const { caller } = ctx.state
    ctx.body = {
      owner: { id: ownedBy, email: account?.email },
      via,
      scopes,
      ...(via === "token" && {
        token: { id: caller.tokenId, generation: caller.generation, expiresAt: caller.expiresAt },
      }),
    }
  })

  return router
}
