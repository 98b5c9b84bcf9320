/** The demo as a Koa application: what every request passes, and the routes. */
import { problemDetails } from "@tokenry/koa"
import Koa from "koa"
import { hasAuthorization } from "./http/authentication.ts"
import { problemBaseOf } from "./http/guard.ts"
import { HttpError } from "./http/HttpError.ts"
import type { Log } from "./http/logging.ts"
import { sessions } from "./http/sessions.ts"
import { pageRoutes } from "./pages/pages.ts"
import { problemPages } from "./pages/problemPages.ts"
import { makeRouters } from "./routers.ts"
import type { Services } from "./Services.ts"

/** Errors are answered as problem details; those that are the server's own are also told to the log, with an id. */
export const makeApp = (services: Services, log: Log): Koa => {
  // The proxies wrote the last so many entries of X-Forwarded-For; those before are the client's, who may lie.
  const app = new Koa({ proxy: services.trustedProxies > 0, maxIpsCount: services.trustedProxies })
  const isSecure = services.publicUrl.startsWith("https:")
  const withSession = sessions(app, services.store, isSecure)

  app.on("error", (error, ctx?: Koa.Context) => {
    if (!isClientsDoing(error)) log.error(error, { req: ctx?.req })
  })
  app.use(log.knowing)
  app.use(problemPages(services.publicUrl))
  app.use(
    problemDetails({
      problemBase: problemBaseOf(services),
      onError: (error, { id, ctx }) => log.error(error, { id, req: ctx.req }),
    }),
  )
  app.use(readableTarget)
  app.use(allowedMethod)
  app.use((ctx, next) => {
    // Behind a proxy that speaks https for us, the socket here is plain, and yet cookies are secure.
    ctx.cookies.secure = isSecure
    // A request with a token has no session, so its cookies, if any, cost nothing and count for nothing.
    return hasAuthorization(ctx) && ctx.path !== "/api/session"
      ? next()
      : withSession(ctx, () => services.rateLimits.ofSessions(ctx, next))
  })

  for (const middleware of pageRoutes(services)) app.use(middleware)
  for (const router of makeRouters(services)) app.use(router.routes()).use(router.allowedMethods())
  return app
}

/** A target such as `http://[` passes Node's parser, but is no URL. */
const readableTarget: Koa.Middleware = async function readableTarget(ctx, next) {
  try {
    void ctx.path
  } catch {
    throw new HttpError(400, "The request's target is no URL")
  }
  return next()
}

/** A method that no route has is answered as one that this address does not have: with 405 and what it has. */
const allowedMethod: Koa.Middleware = async function allowedMethod(ctx, next) {
  await next()
  if (ctx.status === 501) ctx.status = 405
}

/** Connections that a client cut, and bytes of its that are no HTTP: not the server's errors. */
const isClientsDoing = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^(HPE_|ECONNRESET$|ECONNABORTED$|EPIPE$)/.test(error.code)
