/** Responses to denied requests (RFC 6750 §3, RFC 9449 §7.1, RFC 6585 §4). */
import { bearerChallenge, type BearerChallenge, type BearerError } from "../credentials/bearerChallenge.ts"
import { dpopChallenge } from "../credentials/dpopChallenge.ts"
import type { Credentials, CredentialsFlaw } from "../credentials/readCredentials.ts"
import { type OAuthError, oauthErrorOf } from "../oauth/OAuthAnswers.ts"
import { answerOf, type HttpAnswer } from "../problems/HttpAnswer.ts"
import { checkedProblemOptions, problemOf, type ProblemOptions } from "../problems/Problem.ts"
import { type ProblemSlug, problemTypes } from "../problems/problemTypes.ts"
import { retryAfterSeconds } from "../problems/ProblemAnswers.ts"
import { type DpopError, type DpopVerifier, nonceField, type ProofFlaw } from "./DpopVerifier.ts"

/**
 * - `missing`: no credentials, or a scheme that isn't accepted here. 401.
 * - `malformed`: credentials that break HTTP's grammar, or more than one. 400.
 * - `refused`: the token is not accepted, whatever the reason. 401, always the same.
 * - `proof-refused`: the DPoP proof is not accepted, or needs a nonce. 401.
 * - `insufficient-scope`: the token is accepted, but lacks a scope. 403.
 * - `rate-limited`: too many requests. 429.
 * - `unavailable`: the store or a limiter doesn't answer, so the token can't be judged. 503.
 */
export type DenialReason =
  | "missing"
  | "malformed"
  | "refused"
  | "proof-refused"
  | "insufficient-scope"
  | "rate-limited"
  | "unavailable"

/** A denied request's reason, and the complete response. */
export interface Denial extends HttpAnswer {
  readonly reason: DenialReason
  /** What happened, for people: the same for every denial of this kind. */
  readonly title: string
  /** What exactly is malformed, or wrong with the proof. */
  readonly detail?: string
  /** Every scope the route requires, if one is missing. */
  readonly scopes?: ReadonlyArray<string>
  /** What failed during an outage: for your log, never for the client. */
  readonly cause?: unknown
}

/** What every challenge says about the protected resource. */
export interface Protection {
  /** What the tokens protect, for people: printable ASCII. */
  readonly realm: string
  /** The URL of the protected resource's metadata (RFC 9728 §5.1), as `ProtectedResourceMetadata` gives it. */
  readonly resourceMetadata?: string | undefined
}

/** Creates denials, with problem details or OAuth's own error format as bodies. */
export interface Denials {
  /** A 401 names the required scopes, if there are any, so that a client knows what to ask for (RFC 6750 §3). */
  readonly ofCredentials: (
    credentials: Exclude<Credentials, { readonly token: string }>,
    required?: ReadonlyArray<string>,
  ) => Denial
  readonly refused: (required?: ReadonlyArray<string>) => Denial
  /** 401 `invalid_dpop_proof` or `use_dpop_nonce`, with the nonce if there is one. */
  readonly proofRefused: (flaw: ProofFlaw) => Denial
  readonly insufficientScope: (required: ReadonlyArray<string>) => Denial
  /** With the limits' header fields, including `Retry-After`. */
  readonly rateLimited: (headers: Headers) => Denial
  readonly unavailable: (cause: unknown) => Denial
}

type Headers = Readonly<Record<string, string>>

interface Rendering extends Protection {
  /** The fields that the responses vary on. */
  readonly vary: string
  /** The header that may hold a token besides Authorization. */
  readonly keyHeader: string | undefined
  /** Offers DPoP in the challenges, beside Bearer unless it is required. */
  readonly dpop?: Pick<DpopVerifier, "algorithms" | "isRequired"> | undefined
  /** Whether the client used DPoP; if so, the challenge offers nothing else. */
  readonly usesDpop?: boolean
}

/** Denials with problem details (RFC 9457). @throws Error if the realm or a URL is not valid. */
export const problemDenials = (rendering: Rendering, options: ProblemOptions): Denials => {
  const base = checkedProblemOptions(options)
  return denialsOf(rendering, (slug, { headers, detail, scopes }) =>
    answerOf(
      problemOf(base, slug, { ...(detail === undefined ? {} : { detail }), ...(scopes && { scopes }) }),
      headers,
    ),
  )
}

/** Denials in OAuth's own format (RFC 6749 §5.2). @throws Error if the realm or a URL is not valid. */
export const oauthDenials = (rendering: Rendering): Denials =>
  denialsOf(rendering, (slug, { headers, error, detail }) =>
    oauthErrorOf(problemTypes[slug].status, error, detail ?? problemTypes[slug].title, headers),
  )

interface Content {
  readonly headers: Headers
  readonly error: OAuthError
  readonly detail?: string
  readonly scopes?: ReadonlyArray<string>
}

const denialsOf = (
  { realm, resourceMetadata, vary, keyHeader, dpop, usesDpop = false }: Rendering,
  render: (slug: ProblemSlug, content: Content) => HttpAnswer,
): Denials => {
  const denial = (reason: DenialReason, slug: ProblemSlug, content: Content): Denial => {
    const { detail, scopes } = content
    return {
      reason,
      title: problemTypes[slug].title,
      ...(detail === undefined ? {} : { detail }),
      ...(scopes && { scopes }),
      ...render(slug, { ...content, headers: { ...content.headers, Vary: vary } }),
    }
  }
  const challenge = ({ error, ...parameters }: ChallengeParameters) => {
    const all = { realm, ...parameters, resourceMetadata }
    if (dpop !== undefined && (usesDpop || dpop.isRequired)) {
      return { "WWW-Authenticate": dpopChallenge({ ...all, error, algorithms: dpop.algorithms }) }
    }
    // A proof is only refused to a client that used DPoP, so none of its errors gets here.
    const bearer = bearerChallenge({ ...all, ...(error && { error: error as BearerError }) })
    // Another scheme wouldn't give the token more scopes.
    const others =
      dpop === undefined || error === "insufficient_scope"
        ? []
        : [dpopChallenge({ realm, algorithms: dpop.algorithms })]
    return { "WWW-Authenticate": [bearer, ...others].join(", ") }
  }

  // A wrong realm or URL shows at startup.
  challenge({})

  const missing = (scopes: ReadonlyArray<string>) =>
    denial("missing", "credentials-required", { headers: challenge({ scopes }), error: "invalid_client" })
  const refused = (scopes: ReadonlyArray<string> = []) => {
    const error = "invalid_token"
    const headers = challenge({ error, errorDescription: "The token is not accepted", scopes })
    return denial("refused", "token-refused", { headers, error })
  }
  const malformed = (flaw: CredentialsFlaw) => {
    const detail = flawDescriptions[flaw](keyHeader)
    const error = "invalid_request"
    return denial("malformed", "malformed-credentials", {
      headers: challenge({ error, errorDescription: detail }),
      error,
      detail,
    })
  }

  return {
    ofCredentials: (credentials, required = []) => {
      switch (credentials._tag) {
        case "None":
        case "OtherScheme":
          return missing(required)
        case "Invalid":
          return malformed(credentials.flaw)
        case "TooLong":
          return refused(required)
      }
    },
    refused,
    proofRefused: (flaw) => {
      const { error, description: detail } = flaw
      const slug = error === "use_dpop_nonce" ? "dpop-nonce-required" : "dpop-proof-refused"
      const headers = { ...challenge({ error, errorDescription: detail }), ...nonceField(flaw) }
      return denial("proof-refused", slug, { headers, error, detail })
    },
    insufficientScope: (scopes) => {
      const error = "insufficient_scope"
      const errorDescription = "The token lacks a required scope"
      return denial("insufficient-scope", "insufficient-scope", {
        headers: challenge({ error, errorDescription, scopes }),
        error,
        scopes,
      })
    },
    rateLimited: (headers) =>
      denial("rate-limited", "too-many-requests", { headers, error: "temporarily_unavailable" }),
    unavailable: (cause) => ({
      ...denial("unavailable", "store-unavailable", {
        headers: { "Retry-After": String(retryAfterSeconds) },
        error: "temporarily_unavailable",
      }),
      cause,
    }),
  }
}

type ChallengeParameters = Omit<BearerChallenge, "realm" | "error"> & { readonly error?: BearerError | DpopError }

/** For developers: printable ASCII without `"` and `\`. */
const flawDescriptions: Record<CredentialsFlaw, (keyHeader: string | undefined) => string> = {
  SeveralHeaders: () => "The request has the same credentials header more than once",
  SeveralCredentials: () => "The Authorization header contains more than one kind of credentials",
  NoScheme: () => "The Authorization header does not start with a scheme and a space",
  NoToken: () => "The header that should contain the token is empty",
  Comma: () => "The header with the token contains a comma; send one token",
  NotToken68: () => "The header with the token contains characters that tokens never have",
  SeveralWays: (keyHeader) => `Send the token in Authorization or in ${keyHeader ?? "another header"}, not in both`,
}
