/** The forms that change a token: a new name, fewer scopes, an earlier expiry. */
import type { TokenDetails } from "@tokenry/core/promise"
import { scopeCatalogue, tokenPolicy } from "../../scopes.ts"
import { expiryChoice, expiryTypedIn } from "./expiryChoice.ts"
import { describedBy, fieldError, type FieldErrors } from "../parts/form.ts"
import { type Html, html } from "../parts/html.ts"
import { scopeChoice } from "./scopeChoice.ts"
import { pathOf } from "./tokenMarks.ts"

interface Typed {
  readonly errors: FieldErrors
  /** The submitted form's fields, with the submit button as `do`; empty if none was sent. */
  readonly form: URLSearchParams
}

export const changeForms = (token: TokenDetails, { errors, form }: Typed, now: Date): Html => {
  const sent = form.get("do")
  const offered = scopeCatalogue.scopes.filter((scope) => scopeCatalogue.close(token.scopes).includes(scope))
  return html`<section aria-labelledby="change">
    <h2 id="change">Change it</h2>
    <form method="post" action="${pathOf(token)}" novalidate>
      <p class="field">
        <label for="name">Name</label>
        <input
          id="name"
          name="name"
          autocomplete="off"
          required
          value="${sent === "rename" ? form.get("name") : token.name}"
          ${describedBy(errors, "name")}
        />
      </p>
      ${fieldError(errors, "name")}
      <p><button type="submit" name="do" value="rename" class="quiet">Rename</button></p>
    </form>
    ${
      offered.length > 0 &&
      html`<form method="post" action="${pathOf(token)}">
        ${scopeChoice({
          legend: "Keep these scopes",
          offered,
          chosen: sent === "narrow" ? form.getAll("scopes") : token.scopes,
          available: offered,
          whyUnavailable: "",
          errors,
        })}
        <p><button type="submit" name="do" value="narrow" class="quiet">Remove the others</button></p>
      </form>`
    }
    <form method="post" action="${pathOf(token)}">
      ${expiryChoice({
        legend: "Let it expire sooner",
        typed: expiryTypedIn(form),
        errors,
        now,
        policy: tokenPolicy,
        sooner: token.expiresAt,
      })}
      <p><button type="submit" name="do" value="shorten" class="quiet">Shorten</button></p>
    </form>
  </section>`
}
