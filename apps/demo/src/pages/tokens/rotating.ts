/** The page that gives a token a new secret and, optionally, a new expiry. */
import type { Router } from "@koa/router"
import { attributionOf } from "../../http/attribution.ts"
import { takeDraft } from "../../http/sessions.ts"
import { tokenPolicy } from "../../scopes.ts"
import type { Services } from "../../Services.ts"
import { answerPage } from "../parts/answerPage.ts"
import { expiryChoice, expiryErrors, type ExpiryTyped, expiryTypedIn, readExpiry } from "./expiryChoice.ts"
import { describedBy, errorSummary, fieldError, type FieldErrors, noErrors, readForm } from "../parts/form.ts"
import { newFormId, onceForForm } from "./formIds.ts"
import { type Html, html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"
import { momentOf } from "../parts/moments.ts"
import type { PageContext, PageState } from "../sign-in/person.ts"
import { plaintextPage, repeatedPage } from "./plaintextPage.ts"
import { passwordErrors, passwordField } from "../sign-in/recentPassword.ts"
import { refusal } from "./refusal.ts"
import { retiringOf } from "./tokenHistory.ts"
import { expiryOf, isLive, nameOf, pathOf } from "./tokenMarks.ts"
import { idOf } from "./tokenPage.ts"

/** The grace periods to choose from. */
const graces = ["0 minutes", "1 hour", "24 hours", "7 days", "30 days"] as const

export const rotatingPages = (router: Router<PageState>, services: Services): void => {
  router.get("/settings/tokens/:id/rotate", async (ctx) => {
    const draft = takeDraft(ctx)
    answerPage(ctx, await rotatePage(ctx, services, draft === undefined ? untouched : typedIn(draft), noErrors))
  })

  router.post("/settings/tokens/:id/rotate", async (ctx) => {
    const form = await readForm(ctx)
    const { account } = ctx.state
    const typed = typedIn(form)
    const retry = async (errors: FieldErrors) => answerPage(ctx, await rotatePage(ctx, services, typed, errors), 422)
    const wrongPassword = await passwordErrors(ctx, services, form)
    if (wrongPassword === undefined) return
    const expiry = readExpiry(form)
    const graceFor = graces.find((grace) => grace === typed.graceFor)
    const errors = {
      ...(graceFor === undefined && { grace: "Choose how long the old secret stays valid." }),
      ...expiryErrors(expiry, tokenPolicy, new Date()),
      ...wrongPassword,
    }
    if (graceFor === undefined || typeof expiry === "string" || Object.keys(errors).length > 0) return retry(errors)

    const own = { id: idOf(ctx), ownedBy: account.id, by: attributionOf(ctx) }
    const rotate = () => services.tokens.rotate({ ...own, graceFor, ...expiry })
    const result = await onceForForm(ctx, services, form, rotate).catch(refusal)
    if (result._tag === "Refused") return retry(result.errors)
    if (result._tag !== "Made") return answerPage(ctx, repeatedPage(account, result), 409)
    const rotated = result.issued
    const [retiring] = retiringOf(rotated.token, new Date())
    const remark =
      retiring?.graceEnds == null
        ? html`<p>The previous secret no longer works.</p>`
        : html`<p>
            The previous secret stays valid until ${momentOf(retiring.graceEnds)}. The token's page shows whether it is
            still used, and ends it sooner.
          </p>`
    answerPage(ctx, plaintextPage(services, { title: "The new secret", account, ...rotated, remark }))
  })
}

interface Typed {
  readonly graceFor: string
  readonly expiry: ExpiryTyped
}

const typedIn = (form: URLSearchParams): Typed => ({
  graceFor: form.get("graceFor") ?? "",
  expiry: expiryTypedIn(form),
})

const untouched: Typed = { graceFor: "24 hours", expiry: { choice: "keep", date: "" } }

const rotatePage = async (
  ctx: PageContext,
  { tokens }: Services,
  { graceFor, expiry }: Typed,
  errors: FieldErrors,
): Promise<Html> => {
  const { account } = ctx.state
  const token = await tokens.find({ id: idOf(ctx), ownedBy: account.id })
  const now = new Date()
  const form = html`<p>
      The token keeps its name, scopes and history. It gets a new secret, which is shown once; the one that it has is
      accepted for a while yet, so that you can move over.
    </p>
    ${errorSummary(errors)}
    <form method="post" action="${pathOf(token)}/rotate" novalidate>
      <input type="hidden" name="formId" value="${newFormId()}" />
      <p class="field">
        <label for="grace">The old secret is accepted for</label>
        <select id="grace" name="graceFor" ${describedBy(errors, "grace")}>
          ${graces.map(
            (grace) =>
              html`<option value="${grace}" ${grace === graceFor && html` selected`}>
                ${grace === "0 minutes" ? "no time: it ends now" : grace}
              </option>`,
          )}
        </select>
      </p>
      ${fieldError(errors, "grace")}
      ${expiryChoice({
        legend: "Expires",
        typed: expiry,
        errors,
        now,
        policy: tokenPolicy,
        keep: "As it does now",
      })}
      <p class="hint">Now: ${expiryOf(token, now)}. The old secret never stays valid longer than that.</p>
      ${passwordField(ctx, errors)}
      <p class="actions"><button type="submit">Make a new secret</button> <a href="${pathOf(token)}">Cancel</a></p>
    </form>`
  const content = html`<h1>New secret for ${nameOf(token)}</h1>
    ${isLive(token, now) ? form : html`<p>This token is revoked or expired, so it can't get a new secret. <a href="/settings/tokens/new">Issue a new token</a>.</p>`}`
  return pageOf({ title: "New secret", account, hasErrors: errors !== noErrors, content })
}
