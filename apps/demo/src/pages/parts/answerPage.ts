/** Sends a page with headers that isolate it: no cache, no other origin, nothing inline. */
import type Koa from "koa"
import type { Html } from "./html.ts"

type Answerable = Pick<Koa.Context, "status" | "type" | "body" | "set" | "vary">

/** `formTarget`: another origin or scheme that this page's forms may lead to, as the policy spells it. */
export const answerPage = (ctx: Answerable, page: Html, status = 200, formTarget = ""): void => {
  ctx.status = status
  ctx.type = "text/html; charset=utf-8"
  ctx.vary("Cookie, Authorization")
  ctx.set({ ...pageHeaders, "Content-Security-Policy": contentSecurityPolicy(formTarget) })
  ctx.body = String(page)
}

/** 303: the browser continues with a GET of this path (RFC 9110 §15.4.4), which must be one of ours. */
export const seeOther = (ctx: Pick<Koa.Context, "status" | "redirect" | "set" | "vary">, path: string): void => {
  ctx.vary("Cookie, Authorization")
  ctx.set("Cache-Control", "no-store")
  ctx.status = 303
  ctx.redirect(path)
}

/** A page may only load its own resources. */
const contentSecurityPolicy = (formTarget: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `form-action 'self' ${formTarget}`.trim(),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ")

/** With a stricter `Referrer-Policy` browsers send forms with `Origin: null`, and every form would be refused. */
const pageHeaders = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "same-origin",
}
