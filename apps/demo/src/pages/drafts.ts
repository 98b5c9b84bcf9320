/** What a person had typed into a form when their session ended, on its way through the page where they sign in. */
import { mayHoldToken } from "../http/tokensInText.ts"

/** Longer ones are dropped. */
const longestDraft = 8000

/** The form's fields as a form encodes them, without its password and its id. Empty if they may hold a token. */
export const draftOf = (form: URLSearchParams): string => {
  const kept = new URLSearchParams([...form].filter(([name]) => name !== "password" && name !== "formId"))
  return checked(kept.toString())
}

/** The draft that the page where one signs in has kept. */
export const readDraft = (form: URLSearchParams): string => draftOf(new URLSearchParams(form.get("draft") ?? ""))

const checked = (draft: string): string => (draft.length > longestDraft || mayHoldToken(draft) ? "" : draft)
