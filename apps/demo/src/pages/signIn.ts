/** The page where a person signs in, and signing out. */
import type { Router } from "@koa/router"
import type Koa from "koa"
import { signedIn, signIn, signOut } from "../http/sessions.ts"
import { isPassword } from "../passwords.ts"
import type { Services } from "../Services.ts"
import type { Account } from "../store/Store.ts"
import { answerPage, seeOther } from "./answerPage.ts"
import { describedBy, errorSummary, fieldError, type FieldErrors, noErrors, readForm } from "./form.ts"
import { html } from "./html.ts"
import { pageOf } from "./layout.ts"
import { noticeOf } from "./notices.ts"
import { ownPath, type PageState } from "./person.ts"

export const signInPages = (router: Router<PageState>, services: Services): void => {
  const { store, publicUrl, rateLimits } = services

  router.get("/login", async (ctx) => {
    const next = ownPath(publicUrl, firstOf(ctx.query["next"]))
    if ((await signedIn(ctx, store)) !== undefined) return seeOther(ctx, next)
    answerPage(ctx, signInPage({ next, email: "", errors: noErrors, notice: noticeOf(ctx) }))
  })

  router.post("/login", async (ctx) => {
    const form = await readForm(ctx)
    const [email, password] = [form.get("email") ?? "", form.get("password") ?? ""]
    const next = ownPath(publicUrl, form.get("next") ?? undefined)
    if (!(await rateLimits.maySignIn(ctx, email))) return
    const account = await accountWith(services, email, password)
    if (account === undefined) {
      return answerPage(ctx, signInPage({ next, email, errors: wrongCredentials, notice: undefined }), 422)
    }
    await rateLimits.signedIn(ctx, email)
    await signIn(ctx, account)
    seeOther(ctx, next)
  })

  router.post("/logout", (ctx) => {
    signOut(ctx)
    seeOther(ctx, "/login?done=signed-out")
  })
}

/**
 * Whether the person whose account it is has just typed its password. Counts as an attempt to sign in, and as a sign-in if
 * it is right. `undefined`: there were too many attempts, and that is answered.
 */
export const confirmsPassword = async (
  ctx: Koa.Context,
  { rateLimits }: Services,
  account: Account,
  password: string,
): Promise<boolean | undefined> => {
  if (!(await rateLimits.maySignIn(ctx, account.email))) return undefined
  if (password.length > longestPassword || !(await isPassword(password, account.passwordHash))) return false
  await rateLimits.signedIn(ctx, account.email)
  await signIn(ctx, account)
  return true
}

const longestPassword = 1000

/** The account that may sign in so; `undefined`, after as long, for whatever is wrong. */
const accountWith = async ({ store }: Services, email: string, password: string): Promise<Account | undefined> => {
  if (email.length > 320 || password.length > longestPassword) return undefined
  const account = await store.accounts.findByEmail(email)
  const isRight = await isPassword(password, account?.passwordHash)
  return isRight && account?.active === true ? account : undefined
}

const wrongCredentials: FieldErrors = { email: "The email address or the password is wrong." }

interface SignInForm {
  readonly next: string
  readonly email: string
  readonly errors: FieldErrors
  readonly notice: string | undefined
}

const signInPage = ({ next, email, errors, notice }: SignInForm) =>
  pageOf({
    title: "Sign in",
    account: undefined,
    notice,
    hasErrors: errors !== noErrors,
    content: html`<h1>Sign in</h1>
      ${errorSummary(errors)}
      <form method="post" action="/login" class="narrow">
        <input type="hidden" name="next" value="${next}" />
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

/** The parameter, given once or more often. */
const firstOf = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof value === "string" ? value : value?.[0]
