/**
 * One-time ids for forms that create a plaintext: submitted twice, by a reload, a double click or the back button, only
 * one takes effect.
 */
import { randomBytes } from "node:crypto"
import { HttpError } from "../../http/HttpError.ts"
import { type Issued, once, type Once } from "../../idempotency.ts"
import type { Services } from "../../Services.ts"
import type { PageContext } from "../sign-in/person.ts"

export const newFormId = (): string => randomBytes(16).toString("base64url")

/** Calls `make` unless the person has already sent the form with this id, whatever its fields were. */
export const onceForForm = (
  ctx: PageContext,
  { store }: Services,
  form: URLSearchParams,
  make: () => Promise<Issued>,
): Promise<Once> => {
  const formId = form.get("formId") ?? ""
  if (!/^[\w-]{22}$/.test(formId)) throw new HttpError(400, "The form is incomplete. Open it again.")
  const key = ["form", ctx.state.account.id, formId]
  return once(store, { key, fingerprint: "form" }, make, (error) => void ctx.app.emit("error", error, ctx))
}
