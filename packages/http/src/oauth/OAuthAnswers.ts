/** The answers of OAuth's endpoints to requests that fail, in OAuth's own format (RFC 6749 §5.2): no problem details. */
import type { BearerError } from "../credentials/bearerChallenge.ts"
import type { HttpAnswer } from "../problems/HttpAnswer.ts"
import { retryAfterSeconds } from "../problems/ProblemAnswers.ts"
import type { TokenFormFlaw } from "./TokenForm.ts"

/** Codes of RFC 6749 §4.1.2.1 and §5.2 and of RFC 6750 §3.1. */
export type OAuthError = BearerError | "invalid_client" | "temporarily_unavailable"

/**
 * JSON with `error` and `error_description`, which no cache keeps. The description is for developers: printable ASCII
 * without `"` and `\`, and nothing that a client sent.
 */
export const oauthErrorOf = (
  status: number,
  error: OAuthError,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => oauthAnswerOf(status, { error, error_description: description }, headers)

/** JSON that no cache keeps (RFC 6749 §5.1). */
export const oauthAnswerOf = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({
  status,
  headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers },
  body: JSON.stringify(body),
})

/** 400 `invalid_request`; 413 and 408 for a body that is too large or too slow to be read. */
const toForm = (flaw: TokenFormFlaw, headers: Readonly<Record<string, string>> = {}): HttpAnswer => {
  const [status, description] = flaws[flaw]
  return oauthErrorOf(status, "invalid_request", description, headers)
}

const flaws: Record<TokenFormFlaw, readonly [status: number, description: string]> = {
  NotAForm: [400, "The body has to be application/x-www-form-urlencoded, in UTF-8 and not compressed"],
  NoToken: [400, "The parameter token is missing"],
  SeveralTokens: [400, "The parameter token is there more than once"],
  SeveralHints: [400, "The parameter token_type_hint is there more than once"],
  TooLarge: [413, "The body is too large"],
  TooSlow: [408, "The body did not arrive in time"],
}

/** 405. The methods that there are, for `Allow` (RFC 9110 §15.5.6). */
const methodNotAllowed = (allowed: ReadonlyArray<string>): HttpAnswer =>
  oauthErrorOf(405, "invalid_request", `The method has to be ${allowed.join(" or ")}`, { Allow: allowed.join(", ") })

/** 503 with `Retry-After`: nothing is known of the token, and a client has to take it for live (RFC 7009 §2.2.1). */
const storeUnavailable = oauthErrorOf(503, "temporarily_unavailable", "Try again later", {
  "Retry-After": String(retryAfterSeconds),
})

export const OAuthAnswers = { toForm, methodNotAllowed, storeUnavailable } as const
