/** Reads a bearer token from wherever a client may put it: the header, and a form or the query if switched on (RFC 6750 §2). */
import { type Credentials, maxCredentialsLength, readBearer, token68 } from "./readBearer.ts"

/** What a request has where a token may be. What is not given is not looked into: a form and the query are off by default. */
export interface PresentedBearer {
  /** The values of the Authorization field, each repeated header by itself. */
  readonly authorization: ReadonlyArray<string>
  readonly form?: FormRequest
  /** What stands after the `?` in the address. Whoever logs addresses logs tokens then (§5.3). */
  readonly query?: string
}

/** The parts of a request by which it is known whether its body may hold a token. */
export interface FormHead {
  readonly method: string
  /** The value of the Content-Type field. */
  readonly contentType: string | null | undefined
}

export interface FormRequest extends FormHead {
  /** As it came, decoded as Latin-1 or UTF-8. Limit its length when you read it: it is parsed whole. */
  readonly body: string
}

/** As `Credentials`, and by which way a token came. Answer `query` with `privateCacheControl` (§2.3). */
export type PresentedCredentials =
  | Exclude<Credentials, { readonly _tag: "Bearer" }>
  | { readonly _tag: "Bearer"; readonly token: string; readonly sentIn: "header" | "form" | "query" }

/**
 * What all of them come to. A token may come by one way only (§2), so an Authorization field of whatever scheme and a
 * parameter are refused together, and so is a repeated parameter (§3.1).
 */
export const readPresentedBearer = ({ authorization, form, query }: PresentedBearer): PresentedCredentials => {
  const inForm = form !== undefined && mayHoldToken(form) ? tokensIn(form.body) : []
  const inQuery = query === undefined ? [] : tokensIn(query)
  const ways = [authorization, inForm, inQuery].filter((values) => values.length > 0)
  if (ways.length > 1) return { _tag: "Invalid", flaw: "SeveralWays" }
  if (inQuery.length > 0) return readParameter(inQuery, "query")
  if (inForm.length > 0) return isAscii(form?.body ?? "") ? readParameter(inForm, "form") : notAscii
  const credentials = readBearer(authorization)
  return credentials._tag === "Bearer" ? { ...credentials, sentIn: "header" } : credentials
}

/**
 * Whether the body is to be read for a token at all: it is one form, and the method gives a body a meaning (§2.2). GET,
 * HEAD, DELETE, CONNECT and TRACE give it none (RFC 9110 §9.3).
 */
export const mayHoldToken = ({ method, contentType }: FormHead): boolean =>
  !withoutContent.has(method.toUpperCase()) && formPattern.test(contentType ?? "")

const withoutContent: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "CONNECT", "TRACE"])

/** The media type in any case, alone or with parameters (RFC 9110 §8.3.1). */
const formPattern = /^[ \t]*application\/x-www-form-urlencoded[ \t]*(?:;|$)/i

const tokensIn = (form: string): ReadonlyArray<string> => new URLSearchParams(form).getAll("access_token")

const readParameter = (values: ReadonlyArray<string>, sentIn: "form" | "query"): PresentedCredentials => {
  const [token = ""] = values
  if (values.length > 1) return { _tag: "Invalid", flaw: "SeveralParameters" }
  if (token === "") return { _tag: "Invalid", flaw: "EmptyParameter" }
  if (token.length > maxCredentialsLength) return { _tag: "TooLong" }
  return token68.test(token) ? { _tag: "Bearer", token, sentIn } : { _tag: "Invalid", flaw: "ParameterNotToken68" }
}

/** §2.2: a form that holds a token consists of ASCII alone. */
const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

const notAscii: PresentedCredentials = { _tag: "Invalid", flaw: "FormNotAscii" }
