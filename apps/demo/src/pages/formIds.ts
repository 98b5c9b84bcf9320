/** One-time ids of forms that make a plaintext: sent twice, by a reload, a double click or the back button, one works once. */
import { randomBytes } from "node:crypto"
import { HttpError } from "../http/HttpError.ts"
import { type Issued, once, type Once } from "../idempotency.ts"
import type { Services } from "../Services.ts"
import type { PageContext } from "./person.ts"

export const newFormId = (): string => randomBytes(16).toString("base64url")

/** Calls `make` unless the person has sent the form with this id before, whatever it had in its fields then. */
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
