/** Identifies the caller: a client with a token, or a person in a session. Never falls back from one to the other. */
import type { Caller } from "@tokenry/core/promise"
import { bearerChallenge, type HttpAnswer } from "@tokenry/http"
import { type CallerState, writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import { type DemoScope, scopeCatalogue } from "../scopes.ts"
import type { Services } from "../Services.ts"
import { problemsOf } from "./guard.ts"
import { protectionOf } from "./protection.ts"
import { signedIn } from "./sessions.ts"
import type { Account } from "../store/Store.ts"

interface Principal {
  readonly via: "session" | "token"
  readonly ownedBy: string
  readonly isAdmin: boolean
  /** Every scope it has now, implied ones included. */
  readonly scopes: ReadonlyArray<string>
}

export interface DemoState extends CallerState<DemoScope> {
  principal: Principal
  /** Set if the request came with a token. */
  caller: Caller<DemoScope>
}

/** A signed-in person, with their account's scopes. */
export const principalInSession = ({ id, isAdmin, scopes }: Account): Principal => ({
  via: "session",
  ownedBy: id,
  isAdmin,
  scopes: scopeCatalogue.close(scopes),
})

type DemoMiddleware = Koa.Middleware<DemoState>

/** Every 401 says how to authenticate (RFC 9110 §15.5.2). */
export const withChallenge = (services: Services, answer: HttpAnswer): HttpAnswer => ({
  ...answer,
  headers: { ...answer.headers, "WWW-Authenticate": bearerChallenge(protectionOf(services)) },
})

/**
 * Admits requests with an accepted token or a live session, and stores the caller in `ctx.state.principal`. With an
 * Authorization header, valid or not, cookies are ignored. In a session, unsafe requests must come from this origin.
 */
export const authenticated = (services: Services): DemoMiddleware => {
  const { guard } = services
  const { crossSiteRequest } = problemsOf(services)
  return async function authenticated(ctx, next) {
    ctx.vary("Cookie, Authorization, DPoP")
    ctx.set("Cache-Control", "no-store")
    if (hasAuthorization(ctx)) {
      return guard(ctx, () => {
        const { ownedBy, scopes } = ctx.state.caller
        ctx.state.principal = { via: "token", ownedBy, isAdmin: false, scopes }
        return next()
      })
    }
    const account = await signedIn(ctx, services.store)
    if (account === undefined) return writeAnswer(ctx, guard.denials.ofCredentials({ _tag: "None" }))
    if (!isSafe(ctx) && ctx.get("Origin") !== services.publicUrl) return writeAnswer(ctx, crossSiteRequest)
    ctx.state.principal = principalInSession(account)
    return next()
  }
}

export const hasAuthorization = (ctx: Koa.Context): boolean => ctx.req.headers.authorization !== undefined

/** Methods that change nothing (RFC 9110 §9.2.1). */
const isSafe = (ctx: Koa.Context): boolean => ["GET", "HEAD", "OPTIONS"].includes(ctx.method)
