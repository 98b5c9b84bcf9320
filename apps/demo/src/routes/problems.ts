/** The documentation of each problem type: where a problem's `type` points. */
import { Router } from "@koa/router"
import { problemTypes, Route } from "@tokenry/http"
import * as Schema from "effect/Schema"
import { anyone } from "../api/security.ts"
import type { DemoState } from "../http/authentication.ts"
import { found } from "../http/HttpError.ts"
import { exactPaths } from "../http/routing.ts"
import { serve } from "../http/serve.ts"
import type { Services } from "../Services.ts"

export const declaredProblems = {
  explain: Route.declare({
    method: "GET",
    path: "/problems/:slug",
    operationId: "explainProblem",
    summary: "Explains a problem type",
    security: anyone,
    parameters: { slug: "The last part of a problem's type" },
    answers: { 200: { description: "The explanation", schema: Schema.String, mediaType: "text/plain" } },
  }),
}

export const problemRoutes = (services: Services): Router<DemoState> => {
  const router = new Router<DemoState>(exactPaths)

  serve(router, services, declaredProblems.explain, (ctx, { param }) => {
    const type = found(Object.entries(problemTypes).find(([slug]) => slug === param("slug"))?.[1])
    ctx.type = "text/plain"
    ctx.body = `${type.title} (${type.status})\n\n${type.explanation}\n`
  })

  return router
}
