/** The answers to requests whose bearer token is missing, unreadable, refused, or not enough (RFC 6750 §3). */
import type { Refusal } from "@tokenry/core"
import { bearerChallenge, type BearerChallenge } from "./bearerChallenge.ts"
import { answerOf, type HttpAnswer } from "./HttpAnswer.ts"
import { checkedProblemOptions, type ProblemDetails, problemOf, type ProblemOptions } from "./Problem.ts"
import { storeUnavailableAnswer } from "./ProblemAnswers.ts"
import type { ProblemSlug } from "./problemTypes.ts"
import type { Credentials, CredentialsFlaw } from "./readBearer.ts"

export interface BearerAnswersOptions extends ProblemOptions {
  /** What the tokens protect, in words for people: printable ASCII. */
  readonly realm: string
}

/** All of them are `no-store` and vary on Authorization. */
export interface BearerAnswers {
  /** To a request that presents no bearer token, or nothing that could be one: 400 or 401. */
  readonly toCredentials: (credentials: Exclude<Credentials, { readonly _tag: "Bearer" }>) => HttpAnswer
  /**
   * To a refused token: 401, the same answer for whatever reason, so that nobody learns from it what tokens there are
   * or were. Only `InsufficientScope`, which takes a valid token to get, is told: 403.
   */
  readonly toRefusal: (refusal: Refusal) => HttpAnswer
  /**
   * 403 with all the scopes that are required, of which the caller lacks one or more.
   *
   * @throws Error if one is not a scope-token.
   */
  readonly insufficientScope: (required: ReadonlyArray<string>) => HttpAnswer
  /** 503: nobody can say now whether the token is good. Never to be confused with a refusal. */
  readonly storeUnavailable: HttpAnswer
}

/**
 * The answers, with challenges for the realm.
 *
 * @throws Error if the realm is empty or not printable ASCII, or `problemBase` is not an absolute URL that ends with `/`
 *   or `#`.
 */
const make = ({ realm, ...options }: BearerAnswersOptions): BearerAnswers => {
  const base = checkedProblemOptions(options)

  const challenging = (slug: ProblemSlug, challenge: Omit<BearerChallenge, "realm">, details?: ProblemDetails) =>
    answerOf(problemOf(base, slug, details), {
      "WWW-Authenticate": bearerChallenge({ realm, ...challenge }),
      ...varyOnAuthorization,
    })

  const credentialsRequired = challenging("credentials-required", {})
  const tokenRefused = challenging("token-refused", {
    error: "invalid_token",
    errorDescription: "The token is not accepted",
  })
  const malformedCredentials = (flaw: CredentialsFlaw) =>
    challenging(
      "malformed-credentials",
      { error: "invalid_request", errorDescription: flawDescriptions[flaw] },
      { detail: flawDescriptions[flaw] },
    )
  const insufficientScope = (required: ReadonlyArray<string>) =>
    challenging(
      "insufficient-scope",
      { error: "insufficient_scope", errorDescription: "The token lacks a required scope", scopes: required },
      { scopes: required },
    )

  return {
    toCredentials: (credentials) => {
      switch (credentials._tag) {
        case "None":
        case "OtherScheme":
          return credentialsRequired
        case "Invalid":
          return malformedCredentials(credentials.flaw)
        case "TooLong":
          return tokenRefused
      }
    },
    toRefusal: (refusal) => (refusal._tag === "InsufficientScope" ? insufficientScope(refusal.required) : tokenRefused),
    insufficientScope,
    storeUnavailable: storeUnavailableAnswer(base, varyOnAuthorization),
  }
}

const varyOnAuthorization = { Vary: "Authorization" }

const flawDescriptions: Record<CredentialsFlaw, string> = {
  SeveralHeaders: "There is more than one Authorization header",
  NoScheme: "The Authorization header does not begin with a scheme and a space",
  NoToken: "There is no token after the scheme",
  Comma: "There is a comma in the Authorization header, which holds one token",
  NotToken68: "What follows the scheme is not a token of RFC 6750",
}

export const BearerAnswers = { make } as const
