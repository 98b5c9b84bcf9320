/** For who watches the process: whether it lives, and whether it can do its work. */
import { Router } from "@koa/router"
import { exactPaths } from "../http/routing.ts"
import type { Services } from "../Services.ts"

export const healthRoutes = ({ store }: Services): Router => {
  const router = new Router(exactPaths)

  router.get("/healthz", (ctx) => {
    ctx.set("Cache-Control", "no-store")
    ctx.body = { status: "alive" }
  })

  router.get("/readyz", async (ctx) => {
    await store.ping()
    ctx.set("Cache-Control", "no-store")
    ctx.body = { status: "ready" }
  })

  return router
}
