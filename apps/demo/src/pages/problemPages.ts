/** Shows problems as pages if a browser requested one. */
import { problemMediaType } from "@tokenry/http"
import type Koa from "koa"
import { answerPage } from "./parts/answerPage.ts"
import { type Html, html } from "./parts/html.ts"
import { pageOf } from "./parts/layout.ts"

/** The outermost middleware: if a page request ends in a problem, shows it as a page with the same status. */
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

/** A busy process's own explanation beats the generic one for 503. */
const wordsFor = (status: number, detail: string | undefined): string =>
  (status === 503 && detail !== undefined ? `${detail}.` : undefined) ??
  advice[status] ??
  detail ??
  "That can't be done this way. Go back and try again."

/** Forms are only accepted from the site's public URL, though other addresses may lead to it. */
const comeFromHere = (publicUrl: string): Html =>
  html`<p>
    This site is at <a href="${publicUrl}/settings/tokens">${publicUrl}</a>, and takes forms from its own pages there
    alone. Open it there and try again.
  </p>`

/** Takes the raw address, which may not parse. */
const isForPage = (url: string): boolean => /^\/(?:login|logout|settings(?:\/[^?]*)?)?(?:\?|$)/.test(url)

/** Statuses where people need different words than programs. */
const advice: Readonly<Record<number, string>> = {
  404: "There is nothing here, or you aren't allowed to see it. It may have been removed.",
  405: "This address can't be opened that way. Go back and try again.",
  413: "The form is too large.",
  415: "This is not a form of this site.",
  429: "There were too many requests in a short time.",
  500: "Something went wrong on our side. Your change may or may not have been saved, so check before you try again.",
  503: "The service is temporarily unavailable. Your change may have been saved anyway, so check before you try again.",
}
