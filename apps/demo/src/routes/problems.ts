/** What each problem type means: a problem's `type` leads here. */
import { Router } from "@koa/router"
import { problemTypes } from "@tokenry/http"
import { found } from "../http/HttpError.ts"
import { exactPaths } from "../http/routing.ts"

export const problemRoutes = (): Router => {
  const router = new Router(exactPaths)

  router.get("/problems/:slug", (ctx) => {
    const type = found(Object.entries(problemTypes).find(([slug]) => slug === ctx.params["slug"])?.[1])
    ctx.type = "text/plain"
    ctx.body = `${type.title} (${type.status})\n\n${type.explanation}\n`
  })

  return router
}
