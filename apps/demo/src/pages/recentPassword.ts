/** Asks for the password again before something that gives a plaintext, if it was typed long ago. */
import { signedInAt } from "../http/sessions.ts"
import type { Services } from "../Services.ts"
import { describedBy, fieldError, type FieldErrors, noErrors } from "./form.ts"
import { type Html, html } from "./html.ts"
import type { PageContext } from "./person.ts"
import { confirmsPassword } from "./signIn.ts"

const longAgoMilliseconds = 60 * 60 * 1000

/** Whether the password has to be asked for. */
const isPasswordDue = (ctx: PageContext): boolean => Date.now() - signedInAt(ctx).getTime() > longAgoMilliseconds

export const passwordField = (ctx: PageContext, errors: FieldErrors): Html | undefined =>
  isPasswordDue(ctx)
    ? html`<p class="field">
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
          You signed in more than an hour ago. Type it again, to show that it is you.
        </p>
        ${fieldError(errors, "password")}`
    : undefined

/** What is wrong with the password, if it is due; `undefined` if there were too many attempts, which is answered. */
export const passwordErrors = async (
  ctx: PageContext,
  services: Services,
  form: URLSearchParams,
): Promise<FieldErrors | undefined> => {
  if (!isPasswordDue(ctx)) return noErrors
  const password = form.get("password") ?? ""
  if (password === "") return { password: "Type your password, since you signed in more than an hour ago." }
  const isRight = await confirmsPassword(ctx, services, ctx.state.account, password)
  if (isRight === undefined) return undefined
  return isRight ? noErrors : { password: "The password is wrong." }
}
