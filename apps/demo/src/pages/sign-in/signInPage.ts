/** The sign-in page, which preserves what the person had entered into another form. */
import { describedBy, errorSummary, fieldError, type FieldErrors, noErrors } from "../parts/form.ts"
import { type Html, html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"

export interface SignInForm {
  /** The page to continue with. */
  readonly next: string
  readonly email: string
  /** The input of the form at `next`, form-encoded. Empty if nothing was typed there. */
  readonly draft: string
  readonly errors: FieldErrors
  readonly notice: string | undefined
}

export const signInPage = ({ next, email, draft, errors, notice }: SignInForm): Html =>
  pageOf({
    title: "Sign in",
    path: "/login",
    account: undefined,
    notice,
    hasErrors: errors !== noErrors,
    content: html`<h1>Sign in</h1>
      ${errorSummary(errors)}
      <form method="post" action="/login" class="narrow">
        <input type="hidden" name="next" value="${next}" />
        ${draft !== "" && html`<input type="hidden" name="draft" value="${draft}" />`}
        <p class="field">
          <label for="email">Email address</label>
          <input
            id="email"
            name="email"
            type="email"
            autocomplete="username"
            required
            value="${email}"
            ${describedBy(errors, "email")}
          />
        </p>
        ${fieldError(errors, "email")}
        <p class="field">
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="current-password" required />
        </p>
        <p><button type="submit">Sign in</button></p>
      </form>`,
  })
