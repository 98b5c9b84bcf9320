/** The demo as a Koa application: what every request passes, and the routes. */
import { problemDetails } from "@tokenry/koa"
import Koa from "koa"
import { hasAuthorization, problemBaseOf } from "./http/authentication.ts"
import { sessions } from "./http/sessions.ts"
import { healthRoutes } from "./routes/health.ts"
import { meRoutes } from "./routes/me.ts"
import { problemRoutes } from "./routes/problems.ts"
import { sessionRoutes } from "./routes/session.ts"
import { tokenRoutes } from "./routes/tokens.ts"
import { treasureRoutes } from "./routes/treasures.ts"
import { userRoutes } from "./routes/users.ts"
import type { Services } from "./Services.ts"

/** Errors are answered as problem details; those that are the server's own are also told to `logError`, with an id. */
export const makeApp = (services: Services, logError: (error: unknown, id: string) => void): Koa => {
  const app = new Koa()
  const withSession = sessions(app, services.store, services.publicUrl.startsWith("https:"))

  app.on("error", (error) => logError(error, "-"))
  app.use(problemDetails({ problemBase: problemBaseOf(services), onError: (error, { id }) => logError(error, id) }))
  // A request with a token has no session, so its cookies, if any, cost nothing and count for nothing.
  app.use((ctx, next) => (hasAuthorization(ctx) ? next() : withSession(ctx, next)))

  for (const routes of [
    healthRoutes,
    sessionRoutes,
    meRoutes,
    treasureRoutes,
    tokenRoutes,
    userRoutes,
    problemRoutes,
  ]) {
    const router = routes(services)
    app.use(router.routes()).use(router.allowedMethods())
  }
  return app
}
