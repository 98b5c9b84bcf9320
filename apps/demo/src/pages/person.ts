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
import { answerPage, seeOther } from "./answerPage.ts"
import { draftOf } from "./drafts.ts"
import { noErrors, readForm } from "./form.ts"
import { ownPath } from "./ownPath.ts"
import { signInPage } from "./signInPage.ts"

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

/**
 * Lets people in who are signed in. Others sign in first and come back, with what they had typed if they sent a form.
 */
export const person = ({ store, publicUrl }: Services): Koa.Middleware<PageState> =>
  async function person(ctx, next) {
    const account = await signedIn(ctx, store)
    if (account === undefined) {
      const next = ownPath(publicUrl, ctx.url)
      if (ctx.method !== "POST") return seeOther(ctx, `/login?next=${encodeURIComponent(next)}`)
      const draft = draftOf(await readForm(ctx))
      return answerPage(ctx, signInPage({ next, email: "", draft, errors: noErrors, notice: signedOutMeanwhile }), 403)
    }
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

const signedOutMeanwhile =
  "You are not signed in any more, and nothing was done. Sign in to go on: what you had typed will be there again."
