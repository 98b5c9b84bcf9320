/** Who makes a request: a client with a token or a person in a session; never the one because the other failed. */
import type { Caller } from "@tokenry/core/promise"
import { BearerAnswers, bearerChallenge, type HttpAnswer, ProblemAnswers } from "@tokenry/http"
import { bearer, type CallerState, requireScopes, writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import { scopeCatalogue } from "../scopes.ts"
import type { Services } from "../Services.ts"
import { HttpError } from "./HttpError.ts"
import { signedIn } from "./sessions.ts"

interface Principal {
  readonly via: "session" | "token"
  readonly ownedBy: string
  readonly isAdmin: boolean
  /** All that it may do now, with what is implied. */
  readonly scopes: ReadonlyArray<string>
}

export interface DemoState extends CallerState {
  principal: Principal
  /** Set if the request came with a token. */
  caller: Caller
}

type DemoMiddleware = Koa.Middleware<DemoState>

/** Where the types of problems are explained. */
export const problemBaseOf = ({ publicUrl }: Services) => `${publicUrl}/problems/`

const answersOf = (services: Services) => {
  const problemBase = problemBaseOf(services)
  return { ...BearerAnswers.make({ realm, problemBase }), ...ProblemAnswers.make({ problemBase }) }
}

/** What the demo's tokens protect. */
const realm = "treasures"

/** Every 401 says how to authenticate (RFC 9110 §15.5.2). */
export const withChallenge = (answer: HttpAnswer): HttpAnswer => ({
  ...answer,
  headers: { ...answer.headers, "WWW-Authenticate": bearerChallenge({ realm }) },
})

/**
 * Lets requests pass with an accepted token or a live session, and says who makes them in `ctx.state.principal`. An
 * Authorization header, good or bad, decides alone; no cookie is looked at then. By session, what changes something has
 * to come from this very origin.
 */
export const authenticated = (services: Services): DemoMiddleware => {
  const byToken = bearer({ tokens: services.tokens, realm, problemBase: problemBaseOf(services) })
  const answers = answersOf(services)
  return async function authenticated(ctx, next) {
    ctx.vary("Cookie, Authorization")
    ctx.set("Cache-Control", "no-store")
    if (hasAuthorization(ctx)) {
      return byToken(ctx, () => {
        const { ownedBy, scopes } = ctx.state.caller
        ctx.state.principal = { via: "token", ownedBy, isAdmin: false, scopes }
        return next()
      })
    }
    const account = await signedIn(ctx, services.store)
    if (account === undefined) return writeAnswer(ctx, answers.toCredentials({ _tag: "None" }))
    if (!isSafe(ctx) && ctx.get("Origin") !== services.publicUrl) return writeAnswer(ctx, answers.crossSiteRequest)
    ctx.state.principal = {
      via: "session",
      ownedBy: account.id,
      isAdmin: account.isAdmin,
      scopes: scopeCatalogue.close(account.scopes),
    }
    return next()
  }
}

/** Lets principals pass that may do all this; else 403 with the scopes that are required. */
export const allows = (services: Services, ...scopes: ReadonlyArray<string>): DemoMiddleware => {
  const byToken = requireScopes(...scopes)
  const answers = answersOf(services)
  return async function allows(ctx, next) {
    const { via, scopes: held } = ctx.state.principal
    if (via === "token") return byToken(ctx, next)
    return scopes.every((scope) => held.includes(scope)) ? next() : writeAnswer(ctx, answers.insufficientScope(scopes))
  }
}

/** Lets persons in a session pass, and tokens that may do all this. */
export const bySessionOr = (...scopes: ReadonlyArray<string>): DemoMiddleware => {
  const byToken = requireScopes(...scopes)
  return async function bySessionOr(ctx, next) {
    return ctx.state.principal.via === "session" ? next() : byToken(ctx, next)
  }
}

/** Lets only an admin in a session pass. */
export const byAdmin = (services: Services): DemoMiddleware => {
  const { sessionRequired } = answersOf(services)
  return async function byAdmin(ctx, next) {
    if (ctx.state.principal.via !== "session") return writeAnswer(ctx, sessionRequired)
    if (!ctx.state.principal.isAdmin) throw new HttpError(403, "Only an admin can do this")
    return next()
  }
}

export const hasAuthorization = (ctx: Koa.Context): boolean => ctx.req.headers.authorization !== undefined

/** Methods that change nothing (RFC 9110 §9.2.1). */
const isSafe = (ctx: Koa.Context): boolean => ["GET", "HEAD", "OPTIONS"].includes(ctx.method)
