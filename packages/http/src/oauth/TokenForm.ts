/** Reads the form of introspection and revocation requests (RFC 7662 §2.1, RFC 7009 §2.1). */

/** Why the form can't be used. `TooLarge` and `TooSlow` are for code that reads bodies, not for this module. */
export type TokenFormFlaw = "NotAForm" | "NoToken" | "SeveralTokens" | "SeveralHints" | "TooLarge" | "TooSlow"

export type TokenForm =
  | { readonly _tag: "Token"; readonly token: string }
  | { readonly _tag: "Invalid"; readonly flaw: TokenFormFlaw }

/** In bytes. A form with a token has a few hundred. */
export const maxLength = 16 * 1024

export const invalid = (flaw: TokenFormFlaw): TokenForm => ({ _tag: "Invalid", flaw })

/** Whether a body with this `Content-Type` is a form, in UTF-8 if it names a charset. */
export const isFormType = (contentType: string): boolean => {
  const [type = "", ...parameters] = contentType.toLowerCase().split(";")
  return (
    type.trim() === "application/x-www-form-urlencoded" &&
    parameters.every((parameter) => !/^\s*charset=/.test(parameter) || /^\s*charset="?utf-?8"?\s*$/.test(parameter))
  )
}

/**
 * The form's token. Pass the body of a request with a form's `Content-Type`: its text, or the object a body parser made
 * of it.
 *
 * A parameter without a value counts as omitted, none may be repeated (RFC 6749 §3.2), and any other than `token` and
 * `token_type_hint` is ignored. So is the hint's value: tokens are found without it.
 */
export const readTokenForm = (body: unknown): TokenForm => {
  const valuesOf = typeof body === "string" ? inText(body) : inFields(body)
  if (valuesOf === undefined) return invalid("NotAForm")
  const tokens = valuesOf("token")
  const [token] = tokens
  if (tokens.length > 1) return invalid("SeveralTokens")
  if (valuesOf("token_type_hint").length > 1) return invalid("SeveralHints")
  return token === undefined || token === "" ? invalid("NoToken") : { _tag: "Token", token }
}

type ValuesOf = (name: string) => ReadonlyArray<string>

const inText = (text: string): ValuesOf => {
  const parameters = new URLSearchParams(text)
  return (name) => parameters.getAll(name)
}

/** Parsers turn a repeated parameter into a list or an object. */
const inFields = (fields: unknown): ValuesOf | undefined => {
  if (typeof fields !== "object" || fields === null) return undefined
  return (name) => {
    const value: unknown = Object.hasOwn(fields, name) ? (fields as Record<string, unknown>)[name] : undefined
    if (value === undefined) return none
    return typeof value === "string" ? [value] : several
  }
}

const none: ReadonlyArray<string> = []
const several: ReadonlyArray<string> = ["", ""]
