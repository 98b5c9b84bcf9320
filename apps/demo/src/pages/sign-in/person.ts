/** Admits signed-in people, and accepts forms from this site only. */
import { writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import { type DemoState, hasAuthorization, principalInSession } from "../../http/authentication.ts"
import { problemsOf } from "../../http/guard.ts"
import { HttpError } from "../../http/HttpError.ts"
import { signedIn } from "../../http/sessions.ts"
import type { Services } from "../../Services.ts"
import type { Account } from "../../store/Store.ts"
import { answerPage, seeOther } from "../parts/answerPage.ts"
import { draftOf } from "../parts/drafts.ts"
import { noErrors, readForm } from "../parts/form.ts"
import { ownPath } from "./ownPath.ts"
import { signInPage } from "./signInPage.ts"

export interface PageState extends DemoState {
  /** The signed-in person's account. */
  account: Account
}

export type PageContext = Koa.ParameterizedContext<PageState>

/**
 * Refuses, with 403, forms sent from another origin and requests with a token. The `Origin` must match exactly, since
 * cookies treat another port of the same host as the same site. `Sec-Fetch-Site` must agree.
 */
export const fromThisSite = (services: Services): Koa.Middleware => {
  const { crossSiteRequest, sessionRequired } = problemsOf(services)
  return async function fromThisSite(ctx, next) {
    if (hasAuthorization(ctx)) return writeAnswer(ctx, sessionRequired)
    const isOwn = ctx.get("Origin") === services.publicUrl && ["", "same-origin"].includes(ctx.get("Sec-Fetch-Site"))
    return ctx.method === "POST" && !isOwn ? writeAnswer(ctx, crossSiteRequest) : next()
  }
}

/** Admits signed-in people. Others sign in first and come back, with their input if they sent a form. */
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
    ctx.state.principal = principalInSession(account)
    return next()
  }

/** Use it after `person`. */
export const admin: Koa.Middleware<PageState> = async function admin(ctx, next) {
  if (!ctx.state.account.isAdmin) throw new HttpError(403, "Only an admin can see this.")
  return next()
}

const signedOutMeanwhile =
  "You have been signed out, and nothing was changed. Sign in to continue; what you entered will still be there."
