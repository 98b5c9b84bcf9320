/** Reads a token from raw request header fields (RFC 9110 §11.4 and §11.6.2, RFC 6750 §2.1, RFC 9449 §7.1). */

/** How a request's credentials break the rules. */
export type CredentialsFlaw =
  | "SeveralHeaders"
  | "SeveralCredentials"
  | "NoScheme"
  | "NoToken"
  | "Comma"
  | "NotToken68"
  | "SeveralWays"

/**
 * - `None`: no credentials.
 * - `OtherScheme`: a scheme that isn't read.
 * - `Invalid`: credentials that break HTTP's grammar, or more than one.
 * - `TooLong`: longer than any token. Treated like a refused token.
 * - `Bearer`, `DPoP`: a token68, unchanged. It may or may not be a token that was ever issued.
 */
export type Credentials =
  | { readonly _tag: "None" }
  | { readonly _tag: "OtherScheme" }
  | { readonly _tag: "Invalid"; readonly flaw: CredentialsFlaw }
  | { readonly _tag: "TooLong" }
  | { readonly _tag: "Bearer" | "DPoP"; readonly token: string }

/** The schemes to read. DPoP is never read alone. */
export type Schemes = "Bearer" | "Bearer or DPoP"

/** The longest value that is read, in characters. A token has about 50 to 80. */
const maxCredentialsLength = 4096

/**
 * Reads the Authorization field. Pass each header line as one element, as Node's `rawHeaders` keeps them; a framework that
 * joins lines with a comma gets the same answer.
 *
 * The scheme is case-insensitive, the token is not. Blanks at the ends are not part of the value (§5.5); one or more
 * spaces, and no tab, stand between scheme and token. Takes time linear in the length, and reads at most 4096 characters.
 */
export const readBearer = (authorization: ReadonlyArray<string>, schemes: Schemes = "Bearer"): Credentials => {
  const [first] = authorization
  if (first === undefined) return none
  if (authorization.length > 1) return invalid("SeveralHeaders")
  if (isUsual(first)) return { _tag: "Bearer", token: first.slice("Bearer ".length) }
  const value = withoutBlanksAtEnds(first)
  const token = value.length > maxCredentialsLength ? undefined : bearerPattern.exec(value)?.[1]
  return token === undefined ? readOther(value, schemes) : { _tag: "Bearer", token }
}

/**
 * Reads a header that only contains a token, such as `X-API-Key`, besides the Authorization field. A request with both
 * is invalid, whatever the Authorization field contains, because it is ambiguous.
 */
export const readKeyOrBearer = (
  key: ReadonlyArray<string>,
  authorization: ReadonlyArray<string>,
  schemes: Schemes = "Bearer",
): Credentials => {
  const [first] = key
  if (first === undefined) return readBearer(authorization, schemes)
  if (authorization.length > 0) return invalid("SeveralWays")
  if (key.length > 1) return invalid("SeveralHeaders")
  const value = withoutBlanksAtEnds(first)
  if (value === "") return invalid("NoToken")
  if (value.length > maxCredentialsLength) return { _tag: "TooLong" }
  if (token68.test(value)) return { _tag: "Bearer", token: value }
  return invalid(value.includes(",") ? "Comma" : "NotToken68")
}

/** Scheme, 1*SP and token68 (§11.2). No two parts can begin with the same character, so nothing is ever tried twice. */
const bearerPattern = /^bearer +([\w\-.~+/]+=*)$/i
const dpopPattern = /^dpop +([\w\-.~+/]+=*)$/i

/** Whether the value is spelled as almost always. Testing this first, without a group to capture, is faster. */
const isUsual = (value: string): boolean => value.length <= maxCredentialsLength && usualPattern.test(value)

const usualPattern = /^Bearer [\w\-.~+/]+=*$/

/** A whole token68, which is what RFC 6750 §2.1 calls b64token. */
const token68 = /^[\w\-.~+/]+=*$/

/** A token (§5.6.2), and then a space or the end. */
const schemePattern = /^[\w!#$%&'*+\-.^`|~]+(?= |$)/

const readOther = (value: string, schemes: Schemes): Credentials => {
  const scheme = schemePattern.exec(value.slice(0, maxCredentialsLength))?.[0]
  if (scheme === undefined) return invalid("NoScheme")
  const isDpop = schemes === "Bearer or DPoP" && scheme.toLowerCase() === "dpop"
  if (!isDpop && scheme.toLowerCase() !== "bearer") {
    return hasSecondCredentials(value.slice(0, maxCredentialsLength)) ? invalid("SeveralCredentials") : otherScheme
  }
  if (value.length > maxCredentialsLength) return { _tag: "TooLong" }
  const token = isDpop ? dpopPattern.exec(value)?.[1] : undefined
  if (token !== undefined) return { _tag: "DPoP", token }
  if (value.length === scheme.length) return invalid("NoToken")
  return invalid(value.includes(",") ? "Comma" : "NotToken68")
}

/**
 * Whether anything other than a parameter, `name=value`, follows a comma in another scheme's value (§11.2). If so, a
 * proxy or a framework has joined two header lines.
 */
const hasSecondCredentials = (value: string): boolean =>
  value.includes(",") &&
  value
    .replace(quotedStrings, '""')
    .split(",")
    .slice(1)
    .some((element) => !parameter.test(element))

const quotedStrings = /"(?:[^"\\]|\\.)*"/g
const parameter = /^[ \t]*[\w!#$%&'*+\-.^`|~]+[ \t]*=/

/** Done by hand, because a regular expression for trailing blanks takes quadratic time on blanks in the middle. */
const withoutBlanksAtEnds = (value: string): string => {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

const none: Credentials = { _tag: "None" }
const otherScheme: Credentials = { _tag: "OtherScheme" }

const invalid = (flaw: CredentialsFlaw): Credentials => ({ _tag: "Invalid", flaw })
