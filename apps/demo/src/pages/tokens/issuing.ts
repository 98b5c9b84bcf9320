/** The page where a person issues a token. */
import type { Router } from "@koa/router"
import { attributionOf } from "../../http/attribution.ts"
import { takeDraft } from "../../http/sessions.ts"
import { scopeCatalogue, tokenPolicy } from "../../scopes.ts"
import type { Services } from "../../Services.ts"
import { answerPage } from "../parts/answerPage.ts"
import { expiryChoice, type ExpiryTyped, expiryTypedIn, readExpiry } from "./expiryChoice.ts"
import { describedBy, errorSummary, fieldError, type FieldErrors, noErrors, readForm } from "../parts/form.ts"
import { newFormId, onceForForm } from "./formIds.ts"
import { type Html, html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"
import { newTokenErrors } from "./newTokenErrors.ts"
import type { PageContext, PageState } from "../sign-in/person.ts"
import { plaintextPage, repeatedPage } from "./plaintextPage.ts"
import { passwordErrors, passwordField } from "../sign-in/recentPassword.ts"
import { refusal } from "./refusal.ts"
import { scopeChoice } from "./scopeChoice.ts"

export const issuingPages = (router: Router<PageState>, services: Services): void => {
  router.get("/settings/tokens/new", (ctx) => {
    const draft = takeDraft(ctx)
    answerPage(ctx, issuePage(ctx, draft === undefined ? untouched : typedIn(draft), noErrors))
  })

  router.post("/settings/tokens/new", async (ctx) => {
    const form = await readForm(ctx)
    const { account, principal } = ctx.state
    const typed = typedIn(form)
    const { name, scopes } = typed
    const retry = (errors: FieldErrors) => answerPage(ctx, issuePage(ctx, typed, errors), 422)
    const wrongPassword = await passwordErrors(ctx, services, form)
    if (wrongPassword === undefined) return
    const expiry = readExpiry(form)
    const errors = { ...newTokenErrors({ name, scopes, expiry }, principal.scopes, new Date()), ...wrongPassword }
    if (typeof expiry === "string" || Object.keys(errors).length > 0) return retry(errors)

    const request = { ownedBy: account.id, name, ...expiry, by: attributionOf(ctx) }
    const issue = () => services.tokens.issue({ ...request, scopes: scopeCatalogue.requested(scopes) })
    const result = await onceForForm(ctx, services, form, issue).catch(refusal)
    if (result._tag === "Refused") return retry(result.errors)
    if (result._tag !== "Made") return answerPage(ctx, repeatedPage(account, result), 409)
    answerPage(ctx, plaintextPage(services, { title: "Your new token", account, ...result.issued }))
  })
}

interface Typed {
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly expiry: ExpiryTyped
}

const untouched: Typed = { name: "", scopes: [], expiry: { choice: "30", date: "" } }

const typedIn = (form: URLSearchParams): Typed => ({
  name: form.get("name") ?? "",
  scopes: form.getAll("scopes"),
  expiry: expiryTypedIn(form),
})

const issuePage = (ctx: PageContext, { name, scopes, expiry }: Typed, errors: FieldErrors): Html => {
  const { account, principal } = ctx.state
  const hasErrors = errors !== noErrors
  const content = html`<h1>New token</h1>
    <p>It acts in your name, and can do what you allow it here; never more than you can do yourself.</p>
    ${errorSummary(errors)}
    <form method="post" action="/settings/tokens/new" novalidate>
      <input type="hidden" name="formId" value="${newFormId()}" />
      <p class="field">
        <label for="name">Name</label>
        <input
          id="name"
          name="name"
          autocomplete="off"
          required
          value="${name}"
          ${describedBy(errors, "name", "name-hint")}
        />
      </p>
      <p class="hint" id="name-hint">
        What it is for, so you can recognise it: “Laptop”, “Nightly backup”. At most 100 characters.
      </p>
      ${fieldError(errors, "name")}
      ${expiryChoice({ legend: "Expires", typed: expiry, errors, now: new Date(), policy: tokenPolicy })}
      ${scopeChoice({
        legend: "What it may do",
        offered: scopeCatalogue.scopes,
        chosen: scopes,
        available: principal.scopes,
        whyUnavailable: "Your account doesn't have this scope, so a token can't get it.",
        errors,
      })}
      ${passwordField(ctx, errors)}
      <p class="actions"><button type="submit">Issue token</button> <a href="/settings/tokens">Cancel</a></p>
    </form>`
  return pageOf({ title: "New token", account, hasErrors, content })
}
