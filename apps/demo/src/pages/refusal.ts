/** What the rules say against a request, as sentences beside the fields of a form. */
import { InvalidInput, PolicyViolation, ScopeNotHeld } from "@tokenry/core"
import type { FieldErrors } from "./form.ts"

const subjects: Readonly<Record<string, readonly [field: string, subject: string]>> = {
  name: ["name", "The name"],
  scopes: ["scopes", "Each scope"],
  expiresAt: ["expiry", "The expiry"],
  expiresIn: ["expiry", "The expiry"],
  graceFor: ["grace", "The grace"],
}

/** What has become of a form whose fields are against the rules. @throws whatever else the error is about. */
export const refusal = (error: unknown) => ({ _tag: "Refused", errors: errorsOf(error) }) as const

const errorsOf = (error: unknown): FieldErrors => {
  if (error instanceof ScopeNotHeld) {
    return { scopes: `Your account does not hold ${error.scopes.join(", ")}, so it can't be given.` }
  }
  if (!(error instanceof InvalidInput || error instanceof PolicyViolation)) throw error
  const sentences = error.issues.flatMap(({ path: [first = ""], message }) => {
    const subject = subjects[first]
    return subject === undefined ? [] : [[subject[0], `${subject[1]} ${message}.`] as const]
  })
  if (sentences.length === 0) throw error
  return Object.fromEntries(sentences)
}
