/** Error responses of the OAuth endpoints, in OAuth's own format (RFC 6749 §5.2) rather than problem details. */
import type { BearerError } from "../credentials/bearerChallenge.ts"
import type { DpopError } from "../guard/DpopVerifier.ts"
import type { HttpAnswer } from "../problems/HttpAnswer.ts"
import { retryAfterSeconds } from "../problems/ProblemAnswers.ts"
import type { RateLimitVerdict } from "../rate-limits/RateLimits.ts"
import type { TokenFormFlaw } from "./TokenForm.ts"

/** Codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 8693 §2.2.2 and RFC 9449 §12.2. */
export type OAuthError =
  | BearerError
  | DpopError
  | "invalid_client"
  | "invalid_scope"
  | "invalid_target"
  | "unsupported_grant_type"
  | "temporarily_unavailable"

/**
 * JSON with `error` and `error_description`, never cached. The description is for developers: printable ASCII without
 * `"` and `\`, and nothing from the client.
 */
export const oauthErrorOf = (
  status: number,
  error: OAuthError,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => oauthAnswerOf(status, { error, error_description: description }, headers)

/** JSON that is never cached (RFC 6749 §5.1). */
export const oauthAnswerOf = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({
  status,
  headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers },
  body: JSON.stringify(body),
})

/** 400 `invalid_request`; 413 or 408 for a body that is too large or too slow. */
const toForm = (flaw: TokenFormFlaw, headers: Readonly<Record<string, string>> = {}): HttpAnswer => {
  const [status, description] = flaws[flaw]
  return oauthErrorOf(status, "invalid_request", description, headers)
}

const flaws: Record<TokenFormFlaw, readonly [status: number, description: string]> = {
  NotAForm: [400, "The body must be uncompressed application/x-www-form-urlencoded in UTF-8"],
  NoToken: [400, "The parameter token is missing"],
  SeveralTokens: [400, "The parameter token must not be repeated"],
  SeveralHints: [400, "The parameter token_type_hint must not be repeated"],
  TooLarge: [413, "The body is too large"],
  TooSlow: [408, "The body did not arrive in time"],
}

/** 405, with the supported methods for `Allow` (RFC 9110 §15.5.6). */
const methodNotAllowed = (allowed: ReadonlyArray<string>): HttpAnswer =>
  oauthErrorOf(405, "invalid_request", `The method must be ${allowed.join(" or ")}`, { Allow: allowed.join(", ") })

/** 503 with `Retry-After`. The token's state is unknown, so a client must assume it is still live (RFC 7009 §2.2.1). */
const storeUnavailable = oauthErrorOf(503, "temporarily_unavailable", "Try again later", {
  "Retry-After": String(retryAfterSeconds),
})

/** 429, or 503 while a limiter is unavailable and the limits refuse then. */
const limited = (
  { reason, headers }: RateLimitVerdict & { readonly allowed: false },
  description: string,
): HttpAnswer =>
  reason === "unavailable" ? storeUnavailable : oauthErrorOf(429, "temporarily_unavailable", description, headers)

export const OAuthAnswers = { toForm, methodNotAllowed, storeUnavailable, limited } as const
