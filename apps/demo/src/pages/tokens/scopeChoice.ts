/** The scope choice of a form. */
import { scopeCatalogue } from "../../scopes.ts"
import { describedBy, fieldError, type FieldErrors } from "../parts/form.ts"
import { type Html, html } from "../parts/html.ts"

interface ScopeChoice {
  readonly legend: string
  /** The scopes to choose from, in catalogue order. */
  readonly offered: ReadonlyArray<string>
  readonly chosen: ReadonlyArray<string>
  /** The offered scopes that can be chosen. The others are shown as unavailable. */
  readonly available: ReadonlyArray<string>
  readonly whyUnavailable: string
  readonly errors: FieldErrors
  readonly hint?: string
}

const defaultHint = "Choose as few as possible. Without any, the token only proves identity."

export const scopeChoice = (choice: ScopeChoice): Html => {
  const { legend, offered, chosen, available, whyUnavailable, errors, hint = defaultHint } = choice
  const checkbox = (scope: string, index: number) => {
    const isAvailable = available.includes(scope)
    const id = `scope-${index}`
    const implied = scopeCatalogue.close([scope]).filter((other) => other !== scope)
    const hints = [implied.length > 0 && `${id}-implies`, !isAvailable && `${id}-why`].filter(Boolean).join(" ")
    return html`<div class="choice${!isAvailable && html` unavailable`}">
      <input
        type="checkbox"
        id="${id}"
        name="scopes"
        value="${scope}"
        ${chosen.includes(scope) && isAvailable && html` checked`}${
          !isAvailable && html` disabled`
        }${hints !== "" && html` aria-describedby="${hints}"`}
      />
      <div>
        <label for="${id}"><code>${scope}</code> ${scopeCatalogue.descriptionOf(scope) ?? "No longer declared"}</label>
        ${implied.length > 0 && html`<span class="hint" id="${id}-implies">Includes ${implied.join(", ")}.</span>`}
        ${!isAvailable && html`<span class="hint why" id="${id}-why">${whyUnavailable}</span>`}
      </div>
    </div>`
  }
  return html`<fieldset id="scopes" tabindex="-1" ${describedBy(errors, "scopes", "scopes-hint")}>
    <legend>${legend}</legend>
    <p class="hint" id="scopes-hint">${hint}</p>
    ${fieldError(errors, "scopes")} ${offered.map(checkbox)}
  </fieldset>`
}
