/** What a person had entered into a form when their session ended, kept through the sign-in page. */
import { mayHoldToken } from "../../http/tokensInText.ts"

/** Longer ones are dropped. */
const longestDraft = 8000

/** The form's fields, form-encoded, without its password and its id. Empty if they may contain a token. */
export const draftOf = (form: URLSearchParams): string => {
  const kept = new URLSearchParams([...form].filter(([name]) => name !== "password" && name !== "formId"))
  return checked(kept.toString())
}

/** The draft preserved by the sign-in page. */
export const readDraft = (form: URLSearchParams): string => draftOf(new URLSearchParams(form.get("draft") ?? ""))

const checked = (draft: string): string => (draft.length > longestDraft || mayHoldToken(draft) ? "" : draft)
