/** Every problem type the library returns over HTTP, with its status and meaning. The single source for both. */

export interface ProblemType {
  readonly status: number
  /** The same for every occurrence (RFC 9457 §3.1.3). */
  readonly title: string
  /** What happened, and what the client's developer can do about it: one or two sentences for a documentation page. */
  readonly explanation: string
}

/** Keyed by slug, the last part of a problem's `type`. */
export const problemTypes = {
  "malformed-credentials": {
    status: 400,
    title: "The credentials are malformed",
    explanation: "The Authorization header can't be read. Send it once, as `Authorization: Bearer <token>`.",
  },
  "invalid-input": {
    status: 400,
    title: "The input is not valid",
    explanation:
      "A field is missing, unknown, of the wrong type, or does not parse. `errors` lists each one with a pointer to it.",
  },
  "unreadable-body": {
    status: 400,
    title: "The body can't be read",
    explanation: "The body doesn't match its Content-Type: the JSON has a syntax error or is truncated.",
  },
  "credentials-required": {
    status: 401,
    title: "Credentials are required",
    explanation: "The request has no bearer token. Send one as `Authorization: Bearer <token>`.",
  },
  "token-refused": {
    status: 401,
    title: "The token is not accepted",
    explanation:
      "The token is unknown, revoked, expired or replaced, bound to another client's key, or its owner is deactivated. The response doesn't say which, on purpose. Get a new token.",
  },
  "dpop-proof-refused": {
    status: 401,
    title: "The DPoP proof is not accepted",
    explanation:
      "The DPoP header must contain one new proof for this request and this token, signed with the client's key (RFC 9449 §4.2). `detail` says what is wrong.",
  },
  "dpop-nonce-required": {
    status: 401,
    title: "A DPoP nonce is required",
    explanation: "Repeat the request with a new proof whose `nonce` is the value of the DPoP-Nonce header.",
  },
  "insufficient-scope": {
    status: 403,
    title: "The token lacks a required scope",
    explanation:
      "The token is valid but can't do this. `scopes`, like `scope` in the challenge, lists every scope the request needs.",
  },
  "scope-not-held": {
    status: 403,
    title: "Requested scopes exceed yours",
    explanation: "You can only give a token scopes you have yourself. `scopes` lists the ones you don't have.",
  },
  "expiry-not-held": {
    status: 403,
    title: "Requested expiry is later than yours",
    explanation:
      "A token can't issue or renew a token beyond its own expiry. `errors` gives the latest possible expiry.",
  },
  "secret-not-active": {
    status: 403,
    title: "The token was replaced by a rotation",
    explanation:
      "During its grace period a replaced secret still works for API calls, but only the newest one can manage tokens. Use the newest one, or sign in.",
  },
  "owner-inactive": {
    status: 403,
    title: "The owner is not active",
    explanation: "The tokens' owner is deactivated or deleted, so no token can be issued for them.",
  },
  "session-required": {
    status: 403,
    title: "A session is required",
    explanation: "Only a signed-in person can do this. A token can't.",
  },
  "recent-sign-in-required": {
    status: 403,
    title: "A recent sign-in is required",
    explanation:
      "A new token is only shown to someone who entered their password within the last hour. Sign in again, then repeat the request.",
  },
  "cross-site-request": {
    status: 403,
    title: "The request comes from another site",
    explanation: "A request that changes anything in a session must come from this site's own pages.",
  },
  "not-found": {
    status: 404,
    title: "Not found",
    explanation: "Nothing exists at this address, or the caller isn't allowed to see it.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The method is not allowed",
    explanation: "This address doesn't support the method. The Allow header lists the ones it supports.",
  },
  "revision-conflict": {
    status: 409,
    title: "Someone else changed it first",
    explanation:
      "A concurrent change won, and this one had no effect. Read the current state, then decide whether to try again.",
  },
  "token-not-live": {
    status: 409,
    title: "The token is revoked or expired",
    explanation: "A revoked or expired token can't be changed. Issue a new one.",
  },
  "idempotency-key-in-use": {
    status: 409,
    title: "The idempotency key is in use",
    explanation:
      "A request with this Idempotency-Key is still in progress, or was interrupted. Check `resource` for anything it created before you try again with another key.",
  },
  "plaintext-gone": {
    status: 409,
    title: "The plaintext can't be shown again",
    explanation:
      "A request with this Idempotency-Key already issued the token at `resource`. Its plaintext was only in that response. If you didn't receive it, rotate or revoke the token.",
  },
  "quota-exceeded": {
    status: 409,
    title: "Quota exceeded",
    explanation: "The owner has reached the limit. Revoke a token that is no longer needed.",
  },
  "precondition-failed": {
    status: 412,
    title: "Precondition failed",
    explanation:
      "If-Match doesn't contain the current entity tag. Nothing was changed. Read the current state, then decide whether to try again.",
  },
  "content-too-large": {
    status: 413,
    title: "The body is too large",
    explanation: "The body exceeds this address's size limit.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The body is not JSON",
    explanation: "The body's Content-Type or encoding isn't supported. Send `application/json` in UTF-8.",
  },
  "idempotency-key-reused": {
    status: 422,
    title: "The idempotency key belongs to another request",
    explanation: "This Idempotency-Key was used with a different request. Use a new key for each new request.",
  },
  "policy-violation": {
    status: 422,
    title: "Request violates the token policy",
    explanation:
      "The input is well-formed, but a name, scope or expiry isn't allowed. `errors` lists each one with a pointer to it.",
  },
  "too-many-requests": {
    status: 429,
    title: "Too many requests",
    explanation:
      "The token, its owner or the IP address has reached a rate limit. Try again after Retry-After seconds. RateLimit names the limit.",
  },
  "internal-error": {
    status: 500,
    title: "Internal error",
    explanation: "Something went wrong on our side. Quote `instance` when you report it.",
  },
  "store-unavailable": {
    status: 503,
    title: "Service unavailable",
    explanation:
      "The store isn't responding. Try again after Retry-After seconds. A change may have been saved anyway, so read before you repeat it.",
  },
} as const satisfies Record<string, ProblemType>

export type ProblemSlug = keyof typeof problemTypes
