/**
 * A second reading of an Authorization field, made from the grammar alone and a character at a time:
 *
 *     credentials   = auth-scheme [ 1*SP ( token68 / #auth-param ) ]          RFC 9110 §11.4
 *     auth-scheme   = token                                                  §11.1, case-insensitive
 *     token68       = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="   §11.2
 *     credentials   = "Bearer" 1*SP b64token                                 RFC 6750 §2.1, b64token as token68
 */

/** `Invalid` is no credentials of any scheme, or Bearer with something else than one token68. */
export type Reading = { readonly token: string } | "OtherScheme" | "Invalid" | "TooLong"

/** Bearer credentials of more characters are not looked into. */
const longest = 4096

/** What the value of the one Authorization field of a request is. */
export const readByGrammar = (fieldValue: string): Reading => {
  let [from, to] = [0, fieldValue.length]
  while (from < to && isBlank(fieldValue.charAt(from))) from++
  while (to > from && isBlank(fieldValue.charAt(to - 1))) to--
  const length = to - from
  const take = (allowed: ReadonlySet<string>): string => {
    const start = from
    while (from < to && allowed.has(fieldValue.charAt(from))) from++
    return fieldValue.slice(start, from)
  }
  const scheme = take(tokenCharacters)
  if (scheme === "" || (from < to && fieldValue.charAt(from) !== " ")) return "Invalid"
  if (scheme.toUpperCase() !== "BEARER") return "OtherScheme"
  if (length > longest) return "TooLong"
  take(space)
  const characters = take(token68Characters)
  const token = characters + take(padding)
  return characters === "" || from < to ? "Invalid" : { token }
}

/** OWS around a value is not part of it (RFC 9110 §5.5, §5.6.3). */
const isBlank = (character: string): boolean => character === " " || character === "\t"

const alphaDigit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
const token68Characters: ReadonlySet<string> = new Set(`${alphaDigit}-._~+/`)
/** `tchar` (RFC 9110 §5.6.2). */
const tokenCharacters: ReadonlySet<string> = new Set(`${alphaDigit}!#$%&'*+-.^_\`|~`)
const space: ReadonlySet<string> = new Set(" ")
const padding: ReadonlySet<string> = new Set("=")
