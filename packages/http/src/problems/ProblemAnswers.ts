/** The answers to requests that fail for another reason than their bearer token. */
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
  /** 403: only a session will do. */
  readonly sessionRequired: HttpAnswer
  /** 403: the session's person has to type their password again. */
  readonly recentSignInRequired: HttpAnswer
  /** 403: a request that a session's cookie came with, from another site. */
  readonly crossSiteRequest: HttpAnswer
  /** 404, for what is not there and for what is somebody else's alike. */
  readonly notFound: HttpAnswer
  /** 405. The methods that there are, for `Allow` (RFC 9110 §15.5.6); there may be none. */
  readonly methodNotAllowed: (allowed: ReadonlyArray<string>) => HttpAnswer
  /** 409: the owner has as many as they may. */
  readonly quotaExceeded: HttpAnswer
  /** 409: a request with this idempotency key is at work or was cut off. The address of what it may have made. */
  readonly idempotencyKeyInUse: (resource: string) => HttpAnswer
  /** 409: a request with this idempotency key has issued the token at this address. */
  readonly plaintextGone: (resource: string) => HttpAnswer
  /** 422: this idempotency key came with another request. */
  readonly idempotencyKeyReused: HttpAnswer
  /** 429, with the fields that a limit of your own gave: `Retry-After` among them. */
  readonly tooManyRequests: (headers: Readonly<Record<string, string>>) => HttpAnswer
  /** 413. */
  readonly contentTooLarge: HttpAnswer
  /** 415. */
  readonly unsupportedMediaType: HttpAnswer
  /** 400: a body that does not parse. */
  readonly unreadableBody: HttpAnswer
  /** 503, with `Retry-After`. */
  readonly storeUnavailable: HttpAnswer
  /** 500, with nothing but the occurrence's id, a UUID, to be found again in a log. */
  readonly internalError: (id: string) => HttpAnswer
  /** What a use case failed with. The id is that of the occurrence, for an error that is answered with 500. */
  readonly ofError: (error: ApiTokensError, id: string) => HttpAnswer
  /**
   * An error of which nothing is known but the status and its phrase, and perhaps something that the client may be told.
   * 404, 405, 413 and 415 have one type each; of any other status the type is `about:blank` (RFC 9457 §4.2.1).
   */
  readonly ofStatus: (
    status: number,
    phrase: string,
    details?: Pick<ProblemDetails, "detail" | "instance">,
  ) => HttpAnswer
}

/** Seconds after which it is worth trying again when the store was not available. */
export const retryAfterSeconds = 5

/**
 * The answers, with problem types below `problemBase`.
 *
 * @throws TypeError that names the option, if one is unknown or of the wrong type; Error if `problemBase` is not an absolute
 *   URL that ends with `/` or `#`.
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

/** The problem that each error of a use case is. */
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

/** The statuses that mean one thing only, whoever says them. */
const slugsByStatus: ReadonlyMap<number, ProblemSlug> = new Map([
  [404, "not-found"],
  [405, "method-not-allowed"],
  [413, "content-too-large"],
  [415, "unsupported-media-type"],
])

/** 503 with `Retry-After` and no word about what failed. */
const storeUnavailableAnswer = (base: ProblemOptions, headers: Readonly<Record<string, string>> = {}) =>
  answerOf(problemOf(base, "store-unavailable"), { "Retry-After": String(retryAfterSeconds), ...headers })

export const ProblemAnswers = { make } as const
