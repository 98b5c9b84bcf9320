/** A token's scopes and their use, with a button that removes the ones it never needed. */
import type { EffectiveState, TokenDetails, TokenUsage } from "@tokenry/core/promise"
import { scopeCatalogue } from "../../scopes.ts"
import { type Html, html } from "../parts/html.ts"
import { distanceOf } from "../parts/moments.ts"
import { pathOf, whyNothing } from "./tokenMarks.ts"

export const usedScopesSection = (
  token: TokenDetails,
  usage: TokenUsage | undefined,
  effective: EffectiveState,
  isLive: boolean,
): Html => {
  const now = new Date()
  const granted = [...new Set([...token.scopes, ...scopeCatalogue.close(token.scopes)])]
  const lastUse = (scope: string) => usage?.scopes.find((used) => used.scope === scope)?.lastUsedAt
  const row = (scope: string) => {
    const at = lastUse(scope)
    const why = whyNothing(scope, effective)
    const isUnused = usage?.unusedScopes.includes(scope) === true
    return html`<tr>
      <th scope="row">
        <code>${scope}</code>${!token.scopes.includes(scope) && html` <span class="hint">included</span>`}
      </th>
      <td>${scopeCatalogue.descriptionOf(scope)}${why !== undefined && html` <span class="hint">${why}</span>`}</td>
      <td>${at !== undefined ? distanceOf(at, now) : isUnused ? "Never" : "With another"}</td>
    </tr>`
  }
  return html`<section aria-labelledby="used">
    <h2 id="used">What it may do</h2>
    ${
      granted.length === 0
        ? html`<p>Nothing. It only proves identity.</p>`
        : html`<div class="scroll" role="region" aria-label="Scopes, a table" tabindex="0">
            <table>
              <thead>
                <tr>
                  <th scope="col">Scope</th>
                  <th scope="col">What it allows</th>
                  <th scope="col">Last needed</th>
                </tr>
              </thead>
              <tbody>
                ${granted.map(row)}
              </tbody>
            </table>
          </div>`
    }
    ${
      effective.state === "live" &&
      granted.length > 0 &&
      effective.scopes.length === 0 &&
      html`<p>None of them grants anything now, so the token only proves identity.</p>`
    }
    ${isLive && usage !== undefined && narrowing(token, usage)}
  </section>`
}

/** Nothing for an unused token, because its needs are unknown. */
const narrowing = (token: TokenDetails, { narrowableTo, unusedScopes }: TokenUsage): Html | undefined => {
  if (narrowableTo.length === 0 || unusedScopes.length === 0) return undefined
  return html`<form method="post" action="${pathOf(token)}">
    <p>It has never needed <code>${unusedScopes.join(", ")}</code>.</p>
    ${narrowableTo.map((scope) => html`<input type="hidden" name="scopes" value="${scope}" />`)}
    <p><button type="submit" name="do" value="narrow">Narrow to ${narrowableTo.join(", ")}</button></p>
  </form>`
}
