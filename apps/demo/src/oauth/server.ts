/** Serves the authorization server's endpoints with the demo's sessions and limits. */
import { OAuthAnswers } from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import type Provider from "oidc-provider"
import type Koa from "koa"
import mount from "koa-mount"
import { signedIn } from "../http/sessions.ts"
import type { Services } from "../Services.ts"
import { oauthPaths } from "./provider.ts"

const metadataPath = "/.well-known/oauth-authorization-server"

/** Use it after the session. Paths it doesn't serve go on to the demo. */
export const oauthServer = (services: Services, provider: Provider): Koa.Middleware => {
  const { rateLimits, store } = services
  const serve = mount(provider)

  /** A person who signed out or signed in as someone else must not go on as before. */
  const endOthersSession = async (ctx: Koa.Context): Promise<void> => {
    const session = await provider.Session.get(ctx)
    if (session.accountId === undefined) return
    const account = await signedIn(ctx, store)
    if (session.accountId !== account?.id) await session.destroy()
  }

  return async function oauthServer(ctx, next) {
    if (!isServed(ctx)) return next()
    await rateLimits.ofApps(ctx, async () => {
      if (ctx.path.startsWith(oauthPaths.authorization)) await endOthersSession(ctx)
      const methods = methodsOf(ctx.path)
      if (!methods.includes(ctx.method)) return refuseMethod(ctx, methods)
      await serve(ctx, next)
      if (ctx.status === 503) ctx.set({ "Retry-After": "5", "Cache-Control": "no-store" })
    })
  }
}

/** Cross-origin pages may ask first which methods they may use. */
const methodsOf = (path: string): ReadonlyArray<string> => {
  if (path.startsWith(oauthPaths.authorization)) return ["GET", "HEAD"]
  if (path === oauthPaths.registration) return ["POST"]
  return [oauthPaths.jwks, metadataPath].includes(path) ? ["GET", "HEAD", "OPTIONS"] : ["POST", "OPTIONS"]
}

/** 405 in OAuth's format. */
const refuseMethod = (ctx: Koa.Context, methods: ReadonlyArray<string>): void => {
  writeAnswer(ctx, OAuthAnswers.methodNotAllowed(methods))
}

/**
 * The demo's own endpoints introspect and revoke for the holders of tokens. Apps that authenticate as clients are served
 * here, at the same addresses.
 */
const isServed = (ctx: Koa.Context): boolean => {
  const { introspection, revocation, authorization, token, registration, jwks } = oauthPaths
  if ([introspection, revocation].some((path) => path === ctx.path)) return /^basic /i.test(ctx.get("Authorization"))
  return (
    ctx.path.startsWith(`${authorization}/`) ||
    [authorization, token, registration, jwks, metadataPath].includes(ctx.path)
  )
}
