/** Lets people in who are signed in, and takes forms from this very site alone. */
import { writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import { type DemoState, hasAuthorization } from "../http/authentication.ts"
import { problemsOf } from "../http/guard.ts"
import { HttpError } from "../http/HttpError.ts"
import { signedIn } from "../http/sessions.ts"
import { scopeCatalogue } from "../scopes.ts"
import type { Services } from "../Services.ts"
import type { Account } from "../store/Store.ts"
import { seeOther } from "./answerPage.ts"

export interface PageState extends DemoState {
  /** Of the person who is signed in. */
  account: Account
}

export type PageContext = Koa.ParameterizedContext<PageState>

/**
 * Refuses, with 403, forms that another origin makes a browser send, and requests with a token. The `Origin` has to be
 * exactly this one, since another port of the same host is the same site to a cookie; `Sec-Fetch-Site` is only there to agree.
 */
export const fromThisSite = (services: Services): Koa.Middleware => {
  const { crossSiteRequest, sessionRequired } = problemsOf(services)
  return async function fromThisSite(ctx, next) {
    if (hasAuthorization(ctx)) return writeAnswer(ctx, sessionRequired)
    const isOwn = ctx.get("Origin") === services.publicUrl && ["", "same-origin"].includes(ctx.get("Sec-Fetch-Site"))
    return ctx.method === "POST" && !isOwn ? writeAnswer(ctx, crossSiteRequest) : next()
  }
}

/** Sends who is not signed in to where one signs in, and back here. */
export const person = ({ store }: Services): Koa.Middleware<PageState> =>
  async function person(ctx, next) {
    const account = await signedIn(ctx, store)
    if (account === undefined) return seeOther(ctx, `/login?next=${encodeURIComponent(ctx.url)}`)
    ctx.state.account = account
    ctx.state.principal = {
      via: "session",
      ownedBy: account.id,
      isAdmin: account.isAdmin,
      scopes: scopeCatalogue.close(account.scopes),
    }
    return next()
  }

/** For after `person`. */
export const admin: Koa.Middleware<PageState> = async function admin(ctx, next) {
  if (!ctx.state.account.isAdmin) throw new HttpError(403, "Only an admin can see this.")
  return next()
}

/** Where to go after signing in: a page below `/settings/` of this very site, and the list of tokens if it is no such. */
export const ownPath = (publicUrl: string, wanted: string | undefined): string => {
  const url = wanted === undefined ? null : URL.parse(wanted, publicUrl)
  const isOwn = url !== null && url.origin === new URL(publicUrl).origin && url.pathname.startsWith("/settings/")
  return isOwn ? url.pathname + url.search : "/settings/tokens"
}
