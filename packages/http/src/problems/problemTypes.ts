/** All the kinds of errors that there are over HTTP, each with its status and what it means: the one place for both. */

export interface ProblemType {
  readonly status: number
  /** The same for every occurrence (RFC 9457 §3.1.3). */
  readonly title: string
  /** What happened and what the client's developer can do: one or two sentences for a page of documentation. */
  readonly explanation: string
}

/** By slug, which is the last part of a problem's `type`. */
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
      "A field is missing, unknown, of the wrong type, or does not parse. `errors` names each such field by its pointer.",
  },
  "unreadable-body": {
    status: 400,
    title: "The body can't be read",
    explanation: "The body is not what its Content-Type says: JSON with a syntax error, or cut off.",
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
      "The token is unknown, revoked, expired or replaced, or its owner is not active; which of them is not told. Get a new token.",
  },
  "insufficient-scope": {
    status: 403,
    title: "The token lacks a required scope",
    explanation:
      "The token is valid, but may not do this. `scopes`, like `scope` in the challenge, names all that is required.",
  },
  "scope-not-held": {
    status: 403,
    title: "More was asked for than is held",
    explanation:
      "Nobody can give a token a scope that they do not hold themselves. `scopes` names those that are too many.",
  },
  "expiry-not-held": {
    status: 403,
    title: "A later expiry was asked for than is held",
    explanation:
      "No token can be given a later expiry by means of a token than that one has itself. `errors` says the latest that is possible.",
  },
  "secret-not-active": {
    status: 403,
    title: "The token was replaced by a rotation",
    explanation:
      "A secret in its grace still works for calls, but only the newest one may manage tokens. Use that, or sign in.",
  },
  "owner-inactive": {
    status: 403,
    title: "The owner is not active",
    explanation: "The owner of the tokens is deactivated or gone, so nothing can be issued for them.",
  },
  "session-required": {
    status: 403,
    title: "A session is required",
    explanation: "Only a person who is signed in can do this; a token can't.",
  },
  "recent-sign-in-required": {
    status: 403,
    title: "A recent sign-in is required",
    explanation:
      "A new plaintext is shown only to a person who typed their password within the last hour. Sign in again, then repeat the request.",
  },
  "cross-site-request": {
    status: 403,
    title: "The request comes from another site",
    explanation: "A request that changes something by means of a session has to come from this site's own pages.",
  },
  "not-found": {
    status: 404,
    title: "There is no such thing",
    explanation: "Nothing is at this address, or nothing that the caller may know of.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The method is not allowed",
    explanation: "The address exists, but not for this method. The Allow header names those that there are.",
  },
  "revision-conflict": {
    status: 409,
    title: "Somebody else changed it meanwhile",
    explanation: "Two changes met, and the other one won. Nothing was changed by this one: read again, then decide.",
  },
  "token-not-live": {
    status: 409,
    title: "The token is not live",
    explanation: "The token is revoked or expired, so it can't be changed any more.",
  },
  "idempotency-key-in-use": {
    status: 409,
    title: "The idempotency key is in use",
    explanation:
      "A request with this Idempotency-Key is being answered, or was never answered to its end. Look at `resource` for what it may have made before you try with another key.",
  },
  "plaintext-gone": {
    status: 409,
    title: "The plaintext can't be shown again",
    explanation:
      "A request with this Idempotency-Key has issued the token at `resource`, and its answer had the only sight of the plaintext. Rotate that token if the plaintext did not reach you, or revoke it.",
  },
  "quota-exceeded": {
    status: 409,
    title: "There are too many already",
    explanation: "The owner has as many as are allowed. Revoke one that is no longer needed.",
  },
  "precondition-failed": {
    status: 412,
    title: "It is not as the request expects",
    explanation: "If-Match names other entity-tags than the current one. Nothing was changed: read again, then decide.",
  },
  "content-too-large": {
    status: 413,
    title: "The body is too large",
    explanation: "The body is larger than this address accepts.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The body is not JSON",
    explanation:
      "The body has a Content-Type or an encoding that is not accepted here. Send `application/json` in UTF-8.",
  },
  "idempotency-key-reused": {
    status: 422,
    title: "The idempotency key belongs to another request",
    explanation: "This Idempotency-Key came with another request before. Use a new key for each new request.",
  },
  "policy-violation": {
    status: 422,
    title: "The rules forbid it",
    explanation:
      "The input is well-formed, but a name, a scope or an expiry is not allowed. `errors` names all of them by their pointers.",
  },
  "too-many-requests": {
    status: 429,
    title: "There were too many requests",
    explanation:
      "The token, its owner or the address has made as many requests as are allowed in a while. Try again after Retry-After; RateLimit says which limit it is.",
  },
  "internal-error": {
    status: 500,
    title: "Something went wrong here",
    explanation: "It is not the client's fault. `instance` identifies the occurrence: quote it when you report it.",
  },
  "store-unavailable": {
    status: 503,
    title: "The service is not available",
    explanation:
      "The store does not answer. Try again after Retry-After; a change may have happened nonetheless, so read before you repeat it.",
  },
} as const satisfies Record<string, ProblemType>

export type ProblemSlug = keyof typeof problemTypes
