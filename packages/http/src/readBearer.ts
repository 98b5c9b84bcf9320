/** Reads a bearer token from the Authorization field as it came in (RFC 9110 §11.4 and §11.6.2, RFC 6750 §2.1). */

/** In what way a request's credentials break the grammar of HTTP. The last five only where a form or the query is read. */
export type CredentialsFlaw =
  | "SeveralHeaders"
  | "NoScheme"
  | "NoToken"
  | "Comma"
  | "NotToken68"
  | "SeveralWays"
  | "SeveralParameters"
  | "EmptyParameter"
  | "ParameterNotToken68"
  | "FormNotAscii"

/**
 * - `None`: there is no Authorization field.
 * - `OtherScheme`: credentials of another scheme than Bearer, which were not looked into.
 * - `Invalid`: no credentials by the grammar of HTTP.
 * - `TooLong`: Bearer, but longer than any token is. It was not looked into, and is answered like a refused token.
 * - `Bearer`: a token68, as it came in. Nothing is said about whether it is a token that was ever issued.
 */
export type Credentials =
  | { readonly _tag: "None" }
  | { readonly _tag: "OtherScheme" }
  | { readonly _tag: "Invalid"; readonly flaw: CredentialsFlaw }
  | { readonly _tag: "TooLong" }
  | { readonly _tag: "Bearer"; readonly token: string }

/** Of the whole value; a token has some 50 to 80 characters. */
export const maxCredentialsLength = 4096

/**
 * What the values of the Authorization field come to. Each repeated header has to be one element, as in Node's
 * `rawHeaders` or `headersDistinct`: its `headers` keeps the first and drops the others.
 *
 * The scheme is case-insensitive, the token is not. Blanks at the ends are not part of the value (§5.5); between scheme
 * and token stand one or more spaces, and no tab. Takes time linear in the length, and looks at no more than 4096
 * characters.
 */
export const readBearer = (authorization: ReadonlyArray<string>): Credentials => {
  const [first] = authorization
  if (first === undefined) return none
  if (authorization.length > 1) return invalid("SeveralHeaders")
  const value = withoutBlanksAtEnds(first)
  const token = value.length > maxCredentialsLength ? undefined : bearerPattern.exec(value)?.[1]
  return token === undefined ? readOther(value) : { _tag: "Bearer", token }
}

/** Scheme, 1*SP and token68 (§11.2). No two parts can begin with the same character, so nothing is ever tried twice. */
const bearerPattern = /^bearer +([\w\-.~+/]+=*)$/i

/** A whole token68, which is what RFC 6750 §2.1 calls b64token. */
export const token68 = /^[\w\-.~+/]+=*$/

/** A token (§5.6.2), and then a space or the end. */
const schemePattern = /^[\w!#$%&'*+\-.^`|~]+(?= |$)/

const readOther = (value: string): Credentials => {
  const scheme = schemePattern.exec(value.slice(0, maxCredentialsLength))?.[0]
  if (scheme === undefined) return invalid("NoScheme")
  if (scheme.toLowerCase() !== "bearer") return { _tag: "OtherScheme" }
  if (value.length > maxCredentialsLength) return { _tag: "TooLong" }
  if (value.length === scheme.length) return invalid("NoToken")
  return invalid(value.includes(",") ? "Comma" : "NotToken68")
}

/** By hand, because a regular expression for blanks at the end takes quadratic time on blanks in the middle. */
const withoutBlanksAtEnds = (value: string): string => {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

const none: Credentials = { _tag: "None" }

const invalid = (flaw: CredentialsFlaw): Credentials => ({ _tag: "Invalid", flaw })
