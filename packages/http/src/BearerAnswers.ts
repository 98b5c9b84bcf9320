/** The answers to requests whose bearer token is missing, unreadable, refused, or not enough (RFC 6750 §3). */
import type { Refusal } from "@tokenry/core"
import { bearerChallenge, type BearerChallenge } from "./bearerChallenge.ts"
import { answerOf, type HttpAnswer } from "./HttpAnswer.ts"
import { OAuthAnswers, oauthErrorOf } from "./OAuthAnswers.ts"
import { checkedProblemOptions, type ProblemDetails, problemOf, type ProblemOptions } from "./Problem.ts"
import { storeUnavailableAnswer } from "./ProblemAnswers.ts"
import { type ProblemSlug, problemTypes } from "./problemTypes.ts"
import type { Credentials, CredentialsFlaw } from "./readBearer.ts"

/** What every challenge says of what is protected. */
export interface BearerProtection {
  /** What the tokens protect, in words for people: printable ASCII. */
  readonly realm: string
  /** The URL of the protected resource's metadata (RFC 9728 §5.1), as `ProtectedResourceMetadata` gives it. */
  readonly resourceMetadata?: string | undefined
}

export interface BearerAnswersOptions extends BearerProtection, ProblemOptions {}

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
 * The answers, with challenges for the realm and problem details as bodies.
 *
 * @throws Error if the realm is empty or not printable ASCII, `problemBase` is not an absolute URL that ends with `/`
 *   or `#`, or `resourceMetadata` is no absolute URL.
 */
const make = ({ problemBase, ...protection }: BearerAnswersOptions): BearerAnswers => {
  const base = checkedProblemOptions({ problemBase })
  return answersOf(
    protection,
    (slug, _, headers, details) => answerOf(problemOf(base, slug, details), headers),
    storeUnavailableAnswer(base, varyOnAuthorization),
  )
}

/**
 * The same answers for the endpoints of OAuth, with bodies in their own format (RFC 6749 §5.2).
 *
 * @throws Error if the realm is empty or not printable ASCII, or `resourceMetadata` is no absolute URL.
 */
const makeForOAuth = (protection: BearerProtection): BearerAnswers =>
  answersOf(
    protection,
    (slug, { error, errorDescription }, headers) =>
      oauthErrorOf(
        problemTypes[slug].status,
        error ?? "invalid_client",
        errorDescription ?? problemTypes[slug].title,
        headers,
      ),
    { ...OAuthAnswers.storeUnavailable, headers: { ...OAuthAnswers.storeUnavailable.headers, ...varyOnAuthorization } },
  )

const answersOf = (
  { realm, resourceMetadata }: BearerProtection,
  answer: (
    slug: ProblemSlug,
    challenge: Pick<BearerChallenge, "error" | "errorDescription">,
    headers: Readonly<Record<string, string>>,
    details?: ProblemDetails,
  ) => HttpAnswer,
  storeUnavailable: HttpAnswer,
): BearerAnswers => {
  const challenging = (slug: ProblemSlug, challenge: Omit<BearerChallenge, "realm">, details?: ProblemDetails) =>
    answer(
      slug,
      challenge,
      { "WWW-Authenticate": bearerChallenge({ realm, ...challenge, resourceMetadata }), ...varyOnAuthorization },
      details,
    )

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
    storeUnavailable,
  }
}

const varyOnAuthorization = { Vary: "Authorization" }

const flawDescriptions: Record<CredentialsFlaw, string> = {
  SeveralHeaders: "There is more than one Authorization header",
  NoScheme: "The Authorization header does not begin with a scheme and a space",
  NoToken: "There is no token after the scheme",
  Comma: "There is a comma in the Authorization header, which holds one token",
  NotToken68: "What follows the scheme is not a token of RFC 6750",
  SeveralWays: "There are credentials in more than one place",
  SeveralParameters: "There is more than one access_token parameter",
  EmptyParameter: "There is no token in access_token",
  ParameterNotToken68: "What is in access_token is not a token of RFC 6750",
  FormNotAscii: "The form with access_token is not ASCII",
}

export const BearerAnswers = { make, makeForOAuth } as const
