/** One-time ids of forms that make a plaintext: what is sent twice, by a reload, a double click or the back button, works once. */
import { createHash, randomBytes } from "node:crypto"
import { RepositoryUnavailable } from "@tokenry/core"
import { HttpError } from "../http/HttpError.ts"
import type { Services } from "../Services.ts"

export const newFormId = (): string => randomBytes(16).toString("base64url")

/** How long a form that was sent is known again. */
const rememberedMilliseconds = 24 * 60 * 60 * 1000

/** What becomes of a form: done now; or sent before, and what it made then, if that is known. */
export type Once<A> =
  | { readonly _tag: "Done"; readonly value: A }
  | { readonly _tag: "Repeated"; readonly tokenId: string | undefined }

/**
 * Does it if no form with this id of this account was sent before. What fails by the rules frees the id again; after an
 * outage, when nobody knows what has become of it, the id stays used. The store has the id's hash alone, and the token's id.
 */
export const onceFor = async <A extends { readonly token: { readonly id: string } }>(
  { store }: Services,
  accountId: string,
  formId: string | null,
  make: () => Promise<A>,
): Promise<Once<A>> => {
  if (!/^[\w-]{22}$/.test(formId ?? "")) throw new HttpError(400, "The form is incomplete. Open it again.")
  const key = createHash("sha256").update(`form ${accountId} ${formId}`).digest("base64url")
  const now = new Date()
  const used = await store.idempotencyKeys.take(key, "form", now, new Date(now.getTime() + rememberedMilliseconds))
  if (used !== undefined) return { _tag: "Repeated", tokenId: used.tokenId }
  try {
    const value = await make()
    // What is made must be shown now or never, whatever the store says.
    await store.idempotencyKeys.settle(key, value.token.id).catch(() => undefined)
    return { _tag: "Done", value }
  } catch (error) {
    if (!(error instanceof RepositoryUnavailable)) await store.idempotencyKeys.release(key)
    throw error
  }
}
