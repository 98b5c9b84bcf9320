/** Asks for the password again before showing a plaintext, unless it was entered recently. */
import { isPasswordRecent, signIn } from "../../http/sessions.ts"
import { tryPassword } from "../../http/signingIn.ts"
import type { Services } from "../../Services.ts"
import { describedBy, fieldError, type FieldErrors, noErrors } from "../parts/form.ts"
import { type Html, html } from "../parts/html.ts"
import type { PageContext } from "./person.ts"

export const passwordField = (ctx: PageContext, errors: FieldErrors): Html | undefined =>
  isPasswordRecent(ctx)
    ? undefined
    : html`<p class="field">
          <label for="password">Your password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required${describedBy(errors, "password", "password-hint")}
          />
        </p>
        <p class="hint" id="password-hint">
          You signed in more than an hour ago. Enter it again to confirm that it's you.
        </p>
        ${fieldError(errors, "password")}`

/**
 * What is wrong with the password, if one is required; `undefined` if there were too many attempts and the response is
 * already set. A correct one counts as signing in, even if another field is wrong.
 */
export const passwordErrors = async (
  ctx: PageContext,
  services: Services,
  form: URLSearchParams,
): Promise<FieldErrors | undefined> => {
  if (isPasswordRecent(ctx)) return noErrors
  const password = form.get("password") ?? ""
  if (password === "") return { password: "Enter your password, since you signed in more than an hour ago." }
  const attempted = await tryPassword(services)(ctx, ctx.state.account.email, password)
  if (attempted._tag === "Answered") return undefined
  if (attempted._tag === "Wrong") return { password: "The password is wrong." }
  await signIn(ctx, attempted.account)
  return noErrors
}
