/** What all pages share: the head, the signed-in account, the navigation and the content area. */
import type { Account } from "../../store/Store.ts"
import { type Html, html } from "./html.ts"

export interface Page {
  readonly title: string
  /** This page's path, if it is in the navigation, to mark it there. */
  readonly path?: string
  /** The signed-in account, if any. */
  readonly account: Pick<Account, "email" | "isAdmin"> | undefined
  /** One sentence about what has just been done. */
  readonly notice?: string | undefined
  /** Whether the form has errors. The title says so first, for people using a screen reader. */
  readonly hasErrors?: boolean
  readonly content: Html
}

export const pageOf = ({ title, path, account, notice, hasErrors = false, content }: Page): Html =>
  html`<!doctype html>
    <html lang="en-GB">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${hasErrors && "Error: "}${title} · Treasures</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/pages.css" />
        <script src="/assets/pages.js" type="module"></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="top">
          <p class="brand"><a href="/">Treasures</a></p>
          ${account && navigation(account, path)}
        </header>
        <main id="content" tabindex="-1">
          ${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`} ${content}
        </main>
      </body>
    </html> `

const navigation = ({ email, isAdmin }: Pick<Account, "email" | "isAdmin">, current: string | undefined): Html => {
  const entry = (path: string, text: string) =>
    html`<li><a href="${path}" ${path === current && html`aria-current="page"`}>${text}</a></li>`
  return html`<nav aria-label="Main">
      <ul>
        ${entry("/settings/tokens", "Tokens")} ${entry("/settings/apps", "Connected apps")}
        ${isAdmin && entry("/settings/accounts", "Accounts")} ${entry("/docs", "API reference")}
      </ul>
    </nav>
    <form class="who" method="post" action="/logout">
      <span class="email"><bdi>${email}</bdi></span>
      <button type="submit" class="quiet">Sign out</button>
    </form>`
}
