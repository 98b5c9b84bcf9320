/** Turns rule violations into sentences next to a form's fields. */
import { InvalidInput, PolicyViolation, ScopeNotHeld } from "@tokenry/core"
import type { FieldErrors } from "../parts/form.ts"

const subjects: Readonly<Record<string, readonly [field: string, subject: string]>> = {
  name: ["name", "The name"],
  scopes: ["scopes", "Each scope"],
  expiresAt: ["expiry", "The expiry"],
  expiresIn: ["expiry", "The expiry"],
  graceFor: ["grace", "The grace"],
}

/** A form whose fields break the rules. @throws every other error. */
export const refusal = (error: unknown) => ({ _tag: "Refused", errors: errorsOf(error) }) as const

const errorsOf = (error: unknown): FieldErrors => {
  if (error instanceof ScopeNotHeld) {
    return { scopes: `Your account doesn't have ${error.scopes.join(", ")}, so a token can't get it.` }
  }
  if (!(error instanceof InvalidInput || error instanceof PolicyViolation)) throw error
  const sentences = error.issues.flatMap(({ path: [first = ""], message }) => {
    const subject = subjects[first]
    return subject === undefined ? [] : [[subject[0], `${subject[1]} ${message}.`] as const]
  })
  if (sentences.length === 0) throw error
  return Object.fromEntries(sentences)
}
