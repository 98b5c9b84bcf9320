/** What a page says about what has just been done: once, and only if it has been. */
import type Koa from "koa"
import { takeNotice, tellOnce } from "../http/sessions.ts"
import { seeOther } from "./answerPage.ts"

const notices = {
  renamed: "The token has a new name.",
  narrowed: "The token has fewer scopes from now on.",
  shortened: "The token expires sooner now.",
  "grace-ended": "Only the newest secret is accepted from now on.",
  revoked: "The token is revoked. Programs that use it are refused from now on.",
  "already-revoked": "The token was revoked before. Nothing was changed.",
  "all-revoked": "All tokens are revoked. Programs that use one are refused from now on.",
  "none-to-revoke": "There was no token left to revoke. Nothing was changed.",
  unchanged: "Nothing was changed: the token was like that already.",
} as const

export type Notice = keyof typeof notices

/** The sentence that this page has to say; `undefined` if there is none. */
export const noticeOf = (ctx: Koa.Context): string | undefined => {
  const taken = takeNotice(ctx)
  return Object.entries(notices).find(([name]) => name === taken)?.[1]
}

/** Leads to a page that says it. */
export const seeNotice = (ctx: Koa.Context, path: string, name: Notice): void => {
  tellOnce(ctx, { path, name })
  seeOther(ctx, path)
}
