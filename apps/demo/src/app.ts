/** The demo as a Koa application: the middleware for every request, and the routes. */
import type { EventEmitter } from "node:events"
import { RepositoryUnavailable } from "@tokenry/core"
import { problemDetails } from "@tokenry/koa"
import Koa from "koa"
import { hasAuthorization } from "./http/authentication.ts"
import { problemBaseOf } from "./http/guard.ts"
import { HttpError } from "./http/HttpError.ts"
import type { Log } from "./http/logging.ts"
import { sessions } from "./http/sessions.ts"
import { makeProvider } from "./oauth/provider.ts"
import { oauthServer } from "./oauth/server.ts"
import { pageRoutes } from "./pages/pages.ts"
import { problemPages } from "./pages/problemPages.ts"
import { makeRouters } from "./routers.ts"
import type { Services } from "./Services.ts"

/** Errors become problem details. Server errors are also logged, with an id. */
export const makeApp = (services: Services, log: Log): Koa => {
  // Each proxy appends one entry to X-Forwarded-For; earlier entries come from the client and can't be trusted.
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
    // Behind an https proxy this socket is plain, but cookies must still be secure.
    ctx.cookies.secure = isSecure
    // A request with a token has no session, so its cookies are ignored.
    return hasAuthorization(ctx) && ctx.path !== "/api/session"
      ? next()
      : withSession(ctx, () => services.rateLimits.ofSessions(ctx, next))
  })

  const provider = makeProvider(services)
  provider.on("server_error", (ctx, error) => log.error(error, { req: ctx.req }))
  const events: EventEmitter = provider
  for (const event of endpointErrors) {
    events.on(event, (ctx: Koa.Context, error: Error) => {
      if (error.cause instanceof RepositoryUnavailable) log.error(error.cause, { req: ctx.req })
    })
  }
  app.use(oauthServer(services, provider))
  for (const middleware of pageRoutes(services, provider)) app.use(middleware)
  for (const router of makeRouters(services, provider)) app.use(router.routes()).use(router.allowedMethods())
  return app
}

/** The provider's events for errors it answers itself. Most are client errors; only outages are logged. */
const endpointErrors = [
  "authorization.error",
  "grant.error",
  "registration_create.error",
  "introspection.error",
  "revocation.error",
]

/** A target such as `http://[` passes Node's parser, but isn't a URL. */
const readableTarget: Koa.Middleware = async function readableTarget(ctx, next) {
  try {
    void ctx.path
  } catch {
    throw new HttpError(400, "The request target is not a valid URL")
  }
  return next()
}

/** A method that no route has is 405 like any other, with the address's methods. */
const allowedMethod: Koa.Middleware = async function allowedMethod(ctx, next) {
  await next()
  if (ctx.status === 501) ctx.status = 405
}

/** Aborted connections and invalid HTTP are the client's errors, not the server's. */
const isClientsDoing = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^(HPE_|ECONNRESET$|ECONNABORTED$|EPIPE$)/.test(error.code)
