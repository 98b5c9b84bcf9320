/** Who am I: for a client, to see what its token stands for. */
import { Router } from "@koa/router"
import { authenticated, type DemoState } from "../http/authentication.ts"
import { exactPaths } from "../http/routing.ts"
import type { Services } from "../Services.ts"

export const meRoutes = (services: Services): Router<DemoState> => {
  const router = new Router<DemoState>(exactPaths)

  router.get("/api/me", authenticated(services), async (ctx) => {
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
