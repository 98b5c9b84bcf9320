/** Responses to requests that fail for any reason other than their bearer token. */
import type { ApiTokensError, ErrorCode, ExpiryNotHeld } from "@tokenry/core"
import { checkOptions } from "@tokenry/core/adapter"
import { answerOf, type HttpAnswer } from "./HttpAnswer.ts"
import {
  checkedProblemOptions,
  inputProblemOf,
  type ProblemDetails,
  problemOf,
  type ProblemOptions,
  problemOptionRules,
} from "./Problem.ts"
import type { ProblemSlug } from "./problemTypes.ts"

export interface ProblemAnswers {
  /** 403: only a session can do this. */
  readonly sessionRequired: HttpAnswer
  /** 403: the signed-in person must enter their password again. */
  readonly recentSignInRequired: HttpAnswer
  /** 403: a request with a session cookie from another site. */
  readonly crossSiteRequest: HttpAnswer
  /** 404: doesn't exist, or belongs to someone else. */
  readonly notFound: HttpAnswer
  /** 405, with the supported methods for `Allow` (RFC 9110 §15.5.6), possibly none. */
  readonly methodNotAllowed: (allowed: ReadonlyArray<string>) => HttpAnswer
  /** 409: the owner has reached the limit. */
  readonly quotaExceeded: HttpAnswer
  /**
   * 409: a request with this idempotency key is in progress or was interrupted. `resource` is the address of what it
   * may have created.
   */
  readonly idempotencyKeyInUse: (resource: string) => HttpAnswer
  /** 409: a request with this idempotency key already issued the token at this address. */
  readonly plaintextGone: (resource: string) => HttpAnswer
  /** 422: this idempotency key was used with a different request. */
  readonly idempotencyKeyReused: HttpAnswer
  /** 429, with your own limit's header fields, including `Retry-After`. */
  readonly tooManyRequests: (headers: Readonly<Record<string, string>>) => HttpAnswer
  /** 413. */
  readonly contentTooLarge: HttpAnswer
  /** 415. */
  readonly unsupportedMediaType: HttpAnswer
  /** 400: a malformed body. */
  readonly unreadableBody: HttpAnswer
  /** 503, with `Retry-After`. */
  readonly storeUnavailable: HttpAnswer
  /** 500, revealing only the occurrence's id, a UUID, to find it in a log. */
  readonly internalError: (id: string) => HttpAnswer
  /** The response to a use case's error. The id identifies the occurrence if the response is 500. */
  readonly ofError: (error: ApiTokensError, id: string) => HttpAnswer
  /**
   * An error of which only the status and its phrase are known, and perhaps a detail the client may see. 404, 405, 413
   * and 415 have a type each; for any other status it is `about:blank` (RFC 9457 §4.2.1).
   */
  readonly ofStatus: (
    status: number,
    phrase: string,
    details?: Pick<ProblemDetails, "detail" | "instance">,
  ) => HttpAnswer
}

/** How many seconds to wait before retrying after an outage of the store. */
export const retryAfterSeconds = 5

/**
 * Creates the responses, with problem types below `problemBase`.
 *
 * @throws TypeError that names the option, if one is unknown or of the wrong type; Error if `problemBase` is not an
 *   absolute URL that ends with `/` or `#`.
 */
const make = (options: ProblemOptions = {}): ProblemAnswers => {
  checkOptions("ProblemAnswers", options, problemOptionRules)
  const base = checkedProblemOptions(options)
  const notFound = answerOf(problemOf(base, "not-found"))
  const storeUnavailable = storeUnavailableAnswer(base)
  const internalError = (id: string) => answerOf(problemOf(base, "internal-error", { instance: `urn:uuid:${id}` }))

  const ofError = (error: ApiTokensError, id: string): HttpAnswer => {
    const slug = slugsByCode[error._tag]
    if (slug === "internal-error") return internalError(id)
    if (slug === "store-unavailable") return storeUnavailable
    return answerOf(problemOf(base, slug, detailsOf(error)))
  }

  return {
    sessionRequired: answerOf(problemOf(base, "session-required")),
    recentSignInRequired: answerOf(problemOf(base, "recent-sign-in-required")),
    crossSiteRequest: answerOf(problemOf(base, "cross-site-request")),
    notFound,
    methodNotAllowed: (allowed) => answerOf(problemOf(base, "method-not-allowed"), { Allow: allowed.join(", ") }),
    quotaExceeded: answerOf(problemOf(base, "quota-exceeded")),
    idempotencyKeyInUse: (resource) => answerOf(problemOf(base, "idempotency-key-in-use", { resource })),
    plaintextGone: (resource) => answerOf(problemOf(base, "plaintext-gone", { resource })),
    idempotencyKeyReused: answerOf(problemOf(base, "idempotency-key-reused")),
    tooManyRequests: (headers) => answerOf(problemOf(base, "too-many-requests"), headers),
    contentTooLarge: answerOf(problemOf(base, "content-too-large")),
    unsupportedMediaType: answerOf(problemOf(base, "unsupported-media-type")),
    unreadableBody: answerOf(problemOf(base, "unreadable-body")),
    storeUnavailable,
    internalError,
    ofError,
    ofStatus: (status, phrase, details) => {
      const slug = slugsByStatus.get(status)
      return answerOf(
        slug === undefined
          ? { type: "about:blank", title: phrase, status, ...details }
          : problemOf(base, slug, details),
      )
    },
  }
}

/** The problem type of each error. */
export const slugsByCode: Readonly<Record<ErrorCode, ProblemSlug>> = {
  DuplicateToken: "internal-error",
  ExpiryNotHeld: "expiry-not-held",
  InactiveOwner: "owner-inactive",
  InvalidInput: "invalid-input",
  PolicyViolation: "policy-violation",
  RepositoryUnavailable: "store-unavailable",
  RevisionConflict: "revision-conflict",
  RevisionMismatch: "precondition-failed",
  ScopeNotHeld: "scope-not-held",
  SecretNotActive: "secret-not-active",
  TokenNotFound: "not-found",
  TokenNotLive: "token-not-live",
}

/** What an error adds to its problem. */
const detailsOf = (error: ApiTokensError): ProblemDetails => {
  switch (error._tag) {
    case "InvalidInput":
    case "PolicyViolation":
      return { errors: error.issues.map(inputProblemOf) }
    case "ScopeNotHeld":
      return { scopes: error.scopes }
    case "ExpiryNotHeld":
      return { errors: [expiryProblemOf(error)] }
    case "TokenNotLive":
      return { detail: `The token is ${error.state}` }
    default:
      return {}
  }
}

const expiryProblemOf = ({ field, latest }: ExpiryNotHeld) =>
  inputProblemOf({ path: [field], message: `must not be later than ${latest.toISOString()}` })

/** Statuses with exactly one problem type. */
const slugsByStatus: ReadonlyMap<number, ProblemSlug> = new Map([
  [404, "not-found"],
  [405, "method-not-allowed"],
  [413, "content-too-large"],
  [415, "unsupported-media-type"],
])

/** 503 with `Retry-After`, without saying what failed. */
const storeUnavailableAnswer = (base: ProblemOptions, headers: Readonly<Record<string, string>> = {}) =>
  answerOf(problemOf(base, "store-unavailable"), { "Retry-After": String(retryAfterSeconds), ...headers })

export const ProblemAnswers = { make } as const
