/** Signing in and out. */
import { Router } from "@koa/router"
import { ProblemAnswers, Route } from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import * as Schemas from "../api/schemas.ts"
import { anyone } from "../api/security.ts"
import { type DemoState, withChallenge } from "../http/authentication.ts"
import { problemBaseOf } from "../http/guard.ts"
import { exactPaths } from "../http/routing.ts"
import { serve } from "../http/serve.ts"
import { signedIn, signIn, signOut } from "../http/sessions.ts"
import { tryPassword } from "../http/signingIn.ts"
import type { Services } from "../Services.ts"

export const declaredSession = {
  signIn: Route.declare({
    method: "POST",
    path: "/api/session",
    operationId: "signIn",
    summary: "Signs an account in",
    security: anyone,
    body: {
      schema: Schemas.Credentials,
      example: { email: "owner@example.test", password: "treasure-island" },
    },
    answers: { 204: { description: "Signed in", headers: { "Set-Cookie": "The session: HttpOnly, for a day" } } },
    problems: ["credentials-required", "cross-site-request", "too-many-requests"],
  }),
  signOut: Route.declare({
    method: "DELETE",
    path: "/api/session",
    operationId: "signOut",
    summary: "Ends the session, if there is one",
    security: anyone,
    answers: { 204: { description: "Signed out" } },
    problems: ["cross-site-request"],
  }),
}

export const sessionRoutes = (services: Services): Router<DemoState> => {
  const { store, publicUrl } = services
  const attempt = tryPassword(services)
  const { crossSiteRequest, ofStatus } = ProblemAnswers.make({ problemBase: problemBaseOf(services) })
  const wrongCredentials = withChallenge(
    services,
    ofStatus(401, "Unauthorized", { detail: "The email address or the password is wrong" }),
  )
  const router = new Router<DemoState>(exactPaths)

  router.use((ctx, next) => {
    ctx.set("Cache-Control", "no-store")
    // Browsers always send the origin with another site's requests; other clients don't have to.
    const isCrossSite = ctx.method === "POST" && !["", publicUrl].includes(ctx.get("Origin"))
    return isCrossSite ? writeAnswer(ctx, crossSiteRequest) : next()
  })

  serve(router, services, declaredSession.signIn, async (ctx, { body: { email, password } }) => {
    const attempted = await attempt(ctx, email, password)
    if (attempted._tag === "Answered") return
    if (attempted._tag === "Wrong") return writeAnswer(ctx, wrongCredentials)
    await signIn(ctx, attempted.account)
    ctx.status = 204
  })

  serve(router, services, declaredSession.signOut, async (ctx) => {
    const isSignedIn = (await signedIn(ctx, store)) !== undefined
    if (isSignedIn && ctx.get("Origin") !== publicUrl) return writeAnswer(ctx, crossSiteRequest)
    signOut(ctx)
    ctx.status = 204
  })

  return router
}
