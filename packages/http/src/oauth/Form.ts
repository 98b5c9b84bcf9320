/** Reads the forms that OAuth's endpoints take (RFC 6749 appendix B). */

/** Why the form can't be read. `TooLarge` and `TooSlow` are for code that reads bodies, not for this module. */
export type FormFlaw = "NotAForm" | "TooLarge" | "TooSlow"

export type Form =
  | {
      readonly _tag: "Form"
      /** Every value of a parameter, in order. A parameter without a value counts as omitted (RFC 6749 §3.2). */
      readonly valuesOf: (name: string) => ReadonlyArray<string>
    }
  | { readonly _tag: "Invalid"; readonly flaw: FormFlaw }

/** In bytes. A form with a token has a few hundred. */
export const maxFormLength = 16 * 1024

/** Whether a body with this `Content-Type` is a form, in UTF-8 if it names a charset. */
export const isFormType = (contentType: string): boolean => {
  const [type = "", ...parameters] = contentType.toLowerCase().split(";")
  return (
    type.trim() === "application/x-www-form-urlencoded" &&
    parameters.every((parameter) => !/^\s*charset=/.test(parameter) || /^\s*charset="?utf-?8"?\s*$/.test(parameter))
  )
}

/** The form in the body of a request with a form's `Content-Type`: its text, or the object a body parser made of it. */
export const readForm = (body: unknown): Form => {
  if (typeof body === "string") return inText(body)
  return typeof body === "object" && body !== null ? inFields(body) : unreadable("NotAForm")
}

export const unreadable = (flaw: FormFlaw): Form => ({ _tag: "Invalid", flaw })

const inText = (text: string): Form => {
  const parameters = new URLSearchParams(text)
  return formOf((name) => parameters.getAll(name))
}

/** Parsers turn a repeated parameter into a list or an object. */
const inFields = (fields: object): Form =>
  formOf((name) => {
    const value: unknown = Object.hasOwn(fields, name) ? (fields as Readonly<Record<string, unknown>>)[name] : undefined
    if (value === undefined) return none
    return typeof value === "string" ? [value] : several
  })

const formOf = (valuesOf: (name: string) => ReadonlyArray<string>): Form => ({
  _tag: "Form",
  valuesOf: (name) => {
    const values = valuesOf(name)
    return values.length === 1 && values[0] === "" ? none : values
  },
})

const none: ReadonlyArray<string> = []
const several: ReadonlyArray<string> = ["", ""]
