/** The organizer's pages. */
import { html as template } from "hono/html"
import type { HtmlEscapedString } from "hono/utils/html"
import type { Treasure } from "./Treasures.ts"

type Html = HtmlEscapedString

const html = template as (strings: TemplateStringsArray, ...values: ReadonlyArray<unknown>) => Html

const pageOf = (title: string, content: Html): string =>
  String(
    html`<!doctype html>
      <html lang="en-GB">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${title} · Treasure Organizer</title>
          <link rel="icon" href="data:," />
        </head>
        <body>
          <main>${content}</main>
        </body>
      </html>`,
  )

const button = (action: string, text: string): Html =>
  html`<form method="post" action="${action}"><button type="submit">${text}</button></form>`

export const welcomePage = (): string =>
  pageOf(
    "Welcome",
    html`<h1>Treasure Organizer</h1>
      <p>Sorts your treasures by value. It may only look at them.</p>
      ${button("/sign-in", "Sign in with Treasures")}`,
  )

export const treasuresPage = (treasures: ReadonlyArray<Treasure>): string => {
  const sorted = treasures.toSorted((one, other) => other.value - one.value)
  const content = html`<h1>Your treasures</h1>
    ${
      sorted.length === 0
        ? html`<p>You have none yet.</p>`
        : html`<ol>
            ${sorted.map(({ name, value }) => html`<li><bdi>${name}</bdi>: ${value} doubloons</li>`)}
          </ol>`
    }
    ${button("/sign-out", "Sign out")}`
  return pageOf("Your treasures", content)
}

export const refusedPage = (): string =>
  pageOf(
    "No access",
    html`<h1>The organizer no longer has access</h1>
      <p>You disconnected it, or its access is over. Your treasures are where they were.</p>
      ${button("/sign-in", "Sign in again")}`,
  )

export const declinedPage = (): string =>
  pageOf(
    "Not signed in",
    html`<h1>You are not signed in</h1>
      <p>You declined, or it took too long. The organizer got no access.</p>
      ${button("/sign-in", "Try again")}`,
  )

export const unavailablePage = (): string =>
  pageOf(
    "Not available",
    html`<h1>Treasures can't be reached</h1>
      <p>Nothing is lost. Try again in a minute.</p>
      <p><a href="/">Try again</a></p>`,
  )
