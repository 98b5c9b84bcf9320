/** Signing in and out on the pages. */
import type { Router } from "@koa/router"
import { signedIn, signIn, signOut } from "../../http/sessions.ts"
import { tryPassword } from "../../http/signingIn.ts"
import type { Services } from "../../Services.ts"
import { answerPage, seeOther } from "../parts/answerPage.ts"
import { readDraft } from "../parts/drafts.ts"
import { type FieldErrors, noErrors, readForm } from "../parts/form.ts"
import { ownPath } from "./ownPath.ts"
import type { PageState } from "./person.ts"
import { signInPage } from "./signInPage.ts"

export const signInPages = (router: Router<PageState>, services: Services): void => {
  const { store, publicUrl } = services
  const attempt = tryPassword(services)
  const nothingTyped = { email: "", draft: "", errors: noErrors, notice: undefined }

  router.get("/login", async (ctx) => {
    const wanted = firstOf(ctx.query["next"])
    // Ignores this path's cookie if another page sent the person here: two pages that see different cookies would
    // redirect to each other for ever.
    const isSignedIn = wanted === undefined && (await signedIn(ctx, store)) !== undefined
    if (isSignedIn) return seeOther(ctx, "/settings/tokens")
    answerPage(ctx, signInPage({ ...nothingTyped, next: ownPath(publicUrl, wanted) }))
  })

  router.post("/login", async (ctx) => {
    const form = await readForm(ctx)
    const [email, password] = [form.get("email") ?? "", form.get("password") ?? ""]
    const next = ownPath(publicUrl, form.get("next") ?? undefined)
    const draft = readDraft(form)
    const attempted = await attempt(ctx, email, password)
    if (attempted._tag === "Answered") return
    if (attempted._tag === "Wrong") {
      const errors = wrongCredentials
      return answerPage(ctx, signInPage({ next, email, draft, errors, notice: undefined }), 422)
    }
    await signIn(ctx, attempted.account, draft === "" ? undefined : { path: next, fields: draft })
    seeOther(ctx, next)
  })

  router.post("/logout", (ctx) => {
    signOut(ctx)
    answerPage(ctx, signInPage({ ...nothingTyped, next: "/settings/tokens", notice: "You are signed out." }))
  })
}

const wrongCredentials: FieldErrors = { email: "The email address or the password is wrong." }

/** The parameter's first value. */
const firstOf = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof value === "string" ? value : value?.[0]
