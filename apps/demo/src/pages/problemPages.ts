/** Shows problems to people as pages, where a browser asked for one. */
import { problemMediaType } from "@tokenry/http"
import type Koa from "koa"
import { answerPage } from "./answerPage.ts"
import { type Html, html } from "./html.ts"
import { pageOf } from "./layout.ts"

/**
 * The outermost middleware, around what turns errors into problem details: an answer that is one, to a request for a page,
 * becomes a page of the same status that says the same.
 */
export const problemPages = (publicUrl: string): Koa.Middleware =>
  async function problemPages(ctx, next) {
    await next()
    if (!isForPage(ctx.req.url ?? "") || ctx.response.get("Content-Type") !== problemMediaType) return
    if (ctx.accepts("text/html", problemMediaType) !== "text/html") return
    const { type, title, detail, instance } = JSON.parse(String(ctx.body)) as Readonly<Record<string, string>>
    const retryAfter = ctx.response.get("Retry-After")
    const content = html`<h1>${title}</h1>
      ${type?.endsWith("/cross-site-request") === true ? comeFromHere(publicUrl) : html`<p>${wordsFor(ctx.status, detail)}</p>`}
      ${retryAfter && html`<p>Try again in ${retryAfter} seconds.</p>`}
      ${instance && html`<p>If you report it, quote <code>${instance}</code>.</p>`}
      <p><a href="/settings/tokens">Back to your tokens</a></p>`
    answerPage(ctx, pageOf({ title: title ?? "Error", account: ctx.state["account"], content }), ctx.status)
  }

/** What a process that is too busy says itself is better than what is said of any 503. */
const wordsFor = (status: number, detail: string | undefined): string =>
  (status === 503 && detail !== undefined ? `${detail}.` : undefined) ??
  advice[status] ??
  detail ??
  "It can't be done like that. Go back and look again."

/** A form is taken from the one address that the site knows itself by, though others may lead to it. */
const comeFromHere = (publicUrl: string): Html =>
  html`<p>
    This site is at <a href="${publicUrl}/settings/tokens">${publicUrl}</a>, and takes forms from its own pages there
    alone. Open it there and try again.
  </p>`

/** Told of the address as it was sent, which may be one that does not parse. */
const isForPage = (url: string): boolean => /^\/(?:login|logout|settings(?:\/[^?]*)?)?(?:\?|$)/.test(url)

/** Where people need other words than programs. */
const advice: Readonly<Record<number, string>> = {
  404: "Nothing is at this address, or nothing that you may see. It may have been removed meanwhile.",
  405: "This address can't be opened like that. Go back to where you came from.",
  413: "What was sent is too large.",
  415: "What was sent is not a form of this site.",
  429: "There were too many requests in a short while.",
  500: "It is not your fault. Nothing is known about what has become of the request: look before you repeat it.",
  503: "The store does not answer just now. A change may have happened nonetheless: look before you repeat it.",
}
