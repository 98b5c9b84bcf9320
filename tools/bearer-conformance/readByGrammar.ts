/**
 * A second reading of an Authorization field, made from the grammar alone and a character at a time:
 *
 *     credentials   = auth-scheme [ 1*SP ( token68 / #auth-param ) ]          RFC 9110 §11.4
 *     auth-param    = token BWS "=" BWS ( token / quoted-string )            §11.2
 *     auth-scheme   = token                                                  §11.1, case-insensitive
 *     token68       = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="   §11.2
 *     credentials   = "Bearer" 1*SP b64token                                 RFC 6750 §2.1, b64token as token68
 */

/**
 * `Invalid`: no credentials of any scheme, Bearer with anything but one token68, or another scheme with a comma that
 * isn't followed by an auth-param, because a second field was joined to the first (§5.3).
 */
export type Reading = { readonly token: string } | "OtherScheme" | "Invalid" | "TooLong"

/** Longer bearer credentials aren't parsed. */
const longest = 4096

/** Classifies the value of a request's one Authorization field. */
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
  if (scheme.toUpperCase() !== "BEARER") {
    return hasStrayComma(fieldValue.slice(from - scheme.length, to).slice(0, longest)) ? "Invalid" : "OtherScheme"
  }
  if (length > longest) return "TooLong"
  take(space)
  const characters = take(token68Characters)
  const token = characters + take(padding)
  return characters === "" || from < to ? "Invalid" : { token }
}

/** Whether a comma outside a quoted string is followed by anything but a parameter's name and "=". */
const hasStrayComma = (credentials: string): boolean => {
  for (let at = 0; at < credentials.length; at++) {
    const character = credentials.charAt(at)
    if (character === '"') at = endOfQuotedString(credentials, at)
    else if (character === "," && !isParameterAt(credentials, at + 1)) return true
  }
  return false
}

/** The end of the quoted string that begins here, or its beginning if it never ends. */
const endOfQuotedString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    if (text.charAt(at) === "\\") at++
    else if (text.charAt(at) === '"') return at
  }
  return start
}

const isParameterAt = (text: string, start: number): boolean => {
  let at = start
  while (isBlank(text.charAt(at))) at++
  const nameStart = at
  while (tokenCharacters.has(text.charAt(at))) at++
  if (at === nameStart) return false
  while (isBlank(text.charAt(at))) at++
  return text.charAt(at) === "="
}

/** OWS around a value is not part of it (RFC 9110 §5.5, §5.6.3). */
const isBlank = (character: string): boolean => character === " " || character === "\t"

const alphaDigit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
const token68Characters: ReadonlySet<string> = new Set(`${alphaDigit}-._~+/`)
/** `tchar` (RFC 9110 §5.6.2). */
const tokenCharacters: ReadonlySet<string> = new Set(`${alphaDigit}!#$%&'*+-.^_\`|~`)
const space: ReadonlySet<string> = new Set(" ")
const padding: ReadonlySet<string> = new Set("=")
