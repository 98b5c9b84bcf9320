/** The only page that shows a plaintext token, and the one shown if its form is sent again. */
import type { TokenDetails } from "@tokenry/core/promise"
import type { Once } from "../../idempotency.ts"
import { scopeCatalogue } from "../../scopes.ts"
import type { Services } from "../../Services.ts"
import type { Account } from "../../store/Store.ts"
import { type Html, html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"
import { expiryOf, nameOf, pathOf } from "./tokenMarks.ts"

interface Shown {
  readonly title: string
  readonly account: Account
  readonly plaintext: string
  readonly token: TokenDetails
  /** What else there is to say. */
  readonly remark?: Html | undefined
}

export const plaintextPage = ({ publicUrl }: Services, { title, account, plaintext, token, remark }: Shown): Html => {
  const path = scopeCatalogue.close(token.scopes).some((scope) => scope === "treasure:read") ? "treasures" : "me"
  const content = html`<h1>${title}</h1>
    <p class="warning">
      <strong>Copy it now.</strong> You won't be able to see it again, because we don't store it. Keep it safe, like a
      password.
    </p>
    <p class="field">
      <label for="plaintext">Token “${nameOf(token)}”</label>
      <input
        id="plaintext"
        class="plaintext"
        readonly
        autocomplete="off"
        spellcheck="false"
        value="${plaintext}"
        data-after="${pathOf(token)}"
      />
    </p>
    <p class="actions">
      <button type="button" data-copies="plaintext" hidden>Copy token</button>
      <span id="plaintext-copied" role="status"></span>
    </p>
    <p>Expires: ${expiryOf(token, new Date())}</p>
    ${remark}
    <h2>Try it</h2>
    <pre class="plaintext" tabindex="0">curl -H 'Authorization: Bearer ${plaintext}' ${publicUrl}/api/${path}</pre>
    <p><a href="${pathOf(token)}">I have copied it. Go to the token's page</a></p>`
  return pageOf({ title, account, content })
}

/** For a form that was already sent. */
export const repeatedPage = (account: Account, before: Exclude<Once, { readonly _tag: "Made" }>): Html => {
  const tokenId = before._tag === "MadeBefore" ? before.tokenId : undefined
  const title = "This form was already sent"
  const content = html`<h1>${title}</h1>
    ${
      tokenId === undefined
        ? html`<p>
            Your first request is still in progress, or was interrupted. Nothing was done twice. Check the list for the
            token; it can't be shown again.
          </p>`
        : html`<p>
              Nothing was done twice. The token was shown the first time and can't be shown again. If you didn't copy
              it,
              <a href="/settings/tokens/${tokenId}/rotate">give the token a new secret</a>.
            </p>
            <p><a href="/settings/tokens/${tokenId}">Go to the token's page</a></p>`
    }
    <p><a href="/settings/tokens">Go to your tokens</a></p>`
  return pageOf({ title, account, content })
}
