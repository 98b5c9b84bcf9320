/** A page's one-time notice about what has just been done. */
import type Koa from "koa"
import { takeNotice, tellOnce } from "../../http/sessions.ts"
import { seeOther } from "./answerPage.ts"

const notices = {
  renamed: "The token has a new name.",
  narrowed: "The token has fewer scopes now.",
  shortened: "The token expires sooner now.",
  "grace-ended": "Only the newest secret is accepted now.",
  revoked: "The token is revoked. Programs that use it are refused from now on.",
  "already-revoked": "The token was already revoked. Nothing was changed.",
  "all-revoked": "All tokens are revoked. Programs that use one are refused from now on.",
  "none-to-revoke": "There was no token left to revoke. Nothing was changed.",
  disconnected: "The app is disconnected. It is refused from now on.",
  unchanged: "Nothing was changed. The token already had these values.",
} as const

export type Notice = keyof typeof notices

/** The notice for this page; `undefined` if nothing has to be said. */
export const noticeOf = (ctx: Koa.Context): string | undefined => {
  const taken = takeNotice(ctx)
  return Object.entries(notices).find(([name]) => name === taken)?.[1]
}

/** Redirects to a page that shows the notice. */
export const seeNotice = (ctx: Koa.Context, path: string, name: Notice): void => {
  tellOnce(ctx, { path, name })
  seeOther(ctx, path)
}
