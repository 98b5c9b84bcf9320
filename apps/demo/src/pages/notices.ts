/** What a page says about what has just been done. The address names it, and can make it say nothing else. */
import type Koa from "koa"

const notices = {
  "signed-out": "You are signed out.",
  renamed: "The token has a new name.",
  narrowed: "The token has fewer scopes from now on.",
  shortened: "The token expires sooner now.",
  "grace-ended": "Only the newest secret is accepted from now on.",
  revoked: "The token is revoked. Whoever uses it is refused from now on.",
  "all-revoked": "All tokens are revoked. Whoever uses one is refused from now on.",
} as const

export type Notice = keyof typeof notices

/** The sentence for `?done=…`; `undefined` if there is none. */
export const noticeOf = (ctx: Pick<Koa.Context, "query">): string | undefined =>
  Object.entries(notices).find(([name]) => name === ctx.query["done"])?.[1]

/** The path of a page that says so. */
export const withNotice = (path: string, notice: Notice): string => `${path}?done=${notice}`
