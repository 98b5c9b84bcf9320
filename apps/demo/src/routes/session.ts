/** Signing in and out. */
import { Router } from "@koa/router"
import { ProblemAnswers } from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import { Schema } from "effect"
import { problemBaseOf, withChallenge } from "../http/authentication.ts"
import { readBody } from "../http/requestBody.ts"
import { exactPaths } from "../http/routing.ts"
import { signedIn, signIn, signOut } from "../http/sessions.ts"
import { isPassword } from "../passwords.ts"
import type { Services } from "../Services.ts"

const Credentials = Schema.Struct({
  email: Schema.String.check(Schema.isMaxLength(320)),
  password: Schema.String.check(Schema.isMaxLength(1000)),
})

export const sessionRoutes = (services: Services): Router => {
  const { store, publicUrl } = services
  const { crossSiteRequest, ofStatus } = ProblemAnswers.make({ problemBase: problemBaseOf(services) })
  const wrongCredentials = withChallenge(
    ofStatus(401, "Unauthorized", { detail: "The email address or the password is wrong" }),
  )
  const router = new Router(exactPaths)

  router.use((ctx, next) => {
    ctx.set("Cache-Control", "no-store")
    return next()
  })

  router.post("/api/session", async (ctx) => {
    // Browsers always tell the origin of what another site makes them send; other clients need not.
    if (!["", publicUrl].includes(ctx.get("Origin"))) return writeAnswer(ctx, crossSiteRequest)
    const { email, password } = await readBody(ctx, Credentials)
    const account = await store.accounts.findByEmail(email)
    const isRight = await isPassword(password, account?.passwordHash)
    if (!isRight || account?.active !== true) return writeAnswer(ctx, wrongCredentials)
    await signIn(ctx, account)
    ctx.status = 204
  })

  router.delete("/api/session", async (ctx) => {
    const isSignedIn = (await signedIn(ctx, store)) !== undefined
    if (isSignedIn && ctx.get("Origin") !== publicUrl) return writeAnswer(ctx, crossSiteRequest)
    signOut(ctx)
    ctx.status = 204
  })

  return router
}
