/** Reads the form with which introspection and revocation are asked for (RFC 7662 §2.1, RFC 7009 §2.1). */

/**
 * In what way it can't be used. `TooLarge` and `TooSlow` are for who reads bodies to say; they are never said here.
 */
export type TokenFormFlaw = "NotAForm" | "NoToken" | "SeveralTokens" | "SeveralHints" | "TooLarge" | "TooSlow"

export type TokenForm =
  | { readonly _tag: "Token"; readonly token: string }
  | { readonly _tag: "Invalid"; readonly flaw: TokenFormFlaw }

/** Whether a body of this `Content-Type` is a form, in UTF-8 if it says in what. */
export const isFormType = (contentType: string): boolean => {
  const [type = "", ...parameters] = contentType.toLowerCase().split(";")
  return (
    type.trim() === "application/x-www-form-urlencoded" &&
    parameters.every((parameter) => !/^\s*charset=/.test(parameter) || /^\s*charset="?utf-?8"?\s*$/.test(parameter))
  )
}

/**
 * The form's token. Of the body of a request whose `Content-Type` is that of a form: its text, or the object of its
 * fields that a body parser made of it.
 *
 * A parameter without a value counts as omitted, none may be there more than once (RFC 6749 §3.2), and others than
 * `token` and `token_type_hint` do not count. The hint is a hint: tokens are found without, whatever it says.
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

/** What is no text, as a list or an object, is what parsers make of a parameter that is there more than once. */
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

const invalid = (flaw: TokenFormFlaw): TokenForm => ({ _tag: "Invalid", flaw })
