/** Answers a request with a page, under headers that keep it to itself: no cache, no other origin, nothing inline. */
import type Koa from "koa"
import type { Html } from "./html.ts"

type Answerable = Pick<Koa.Context, "status" | "type" | "body" | "set" | "vary">

export const answerPage = (ctx: Answerable, page: Html, status = 200): void => {
  ctx.status = status
  ctx.type = "text/html; charset=utf-8"
  ctx.vary("Cookie, Authorization")
  ctx.set(pageHeaders)
  ctx.body = String(page)
}

/** 303: what follows is another page, to be had with GET (RFC 9110 §15.4.4). The path is one of ours. */
export const seeOther = (ctx: Pick<Koa.Context, "status" | "redirect" | "set" | "vary">, path: string): void => {
  ctx.vary("Cookie, Authorization")
  ctx.set("Cache-Control", "no-store")
  ctx.status = 303
  ctx.redirect(path)
}

/** All that a page may load is its own. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ")

/** With a stricter `Referrer-Policy` browsers would send forms with `Origin: null`, and none would be accepted. */
const pageHeaders = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": contentSecurityPolicy,
  "Referrer-Policy": "same-origin",
}
