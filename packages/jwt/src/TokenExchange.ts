/** Exchanges an API token for a short-lived JWT (RFC 8693, RFC 9068). */
import type { DurationOption } from "@tokenry/core"
import { checkOptions, durationOption, isFunction, isObject, isText, type OptionRules } from "@tokenry/core/adapter"
import type { Caller, PromiseApiTokens } from "@tokenry/core/promise"
import {
  dpopRule,
  type DpopVerifier,
  type Form,
  hasMethods,
  type HttpAnswer,
  limitsRule,
  nonceField,
  OAuthAnswers,
  oauthAnswerOf,
  type OAuthEndpoint,
  oauthEndpoint,
  oauthErrorOf,
  type OAuthReply,
  type ProofFlaw,
  type RateLimits,
  type RateLimitVerdict,
  replayed,
} from "@tokenry/http"
import * as Duration from "effect/Duration"
import type { SigningKeys } from "./SigningKeys.ts"

export interface TokenExchangeOptions<S extends string = string> {
  /** What `createApiTokens` returned. */
  readonly tokens: Pick<PromiseApiTokens<S>, "verify" | "find" | "catalogue">
  /** Who issues the JWTs: the absolute URL of your authorization server. Verifiers compare it exactly. */
  readonly issuer: string
  readonly keys: SigningKeys
  /** The services that JWTs are for, by the name or URL they verify, and the scopes each of them understands. */
  readonly audiences: Readonly<Record<string, ReadonlyArray<NoInfer<S>>>>
  /** How long a JWT is valid, at most 5 minutes: nobody can revoke it sooner. Default: 5 minutes. */
  readonly lifetime?: DurationOption | undefined
  /**
   * Accepts DPoP proofs (RFC 9449) and binds JWTs to the client's key: `Dpop.make` of `@tokenry/dpop`. Default: none, and
   * tokens bound to a key can't be exchanged.
   */
  readonly dpop?: DpopVerifier | undefined
  /** Limits callers, and how many different unknown tokens one address may send. Default: no limit. */
  readonly limits?: RateLimits | undefined
  /** The current time, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** The `grant_type` of a token exchange (RFC 8693 §2.1). */
export const tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
const jwtType = "urn:ietf:params:oauth:token-type:jwt"

/**
 * The token endpoint for this grant. The API token in `subject_token` is all the authentication it takes. `audience` (or
 * `resource`) names the service that the JWT is for. The JWT grants what the token, its ancestors and its owner all grant
 * now, as far as that service understands it and `scope` asks for it, and never outlives the token.
 *
 * Revoking the token stops the next exchange, not the JWTs it was exchanged for before: those end within their lifetime.
 * An exchange counts as a use of the token. Costs one `verify`, one lookup and one signature.
 *
 * A client that sends a DPoP proof gets a JWT bound to its key. A token bound to a key needs a proof signed by that key.
 *
 * Errors are OAuth's (RFC 6749 §5.2): `invalid_request` (also for a token that isn't accepted, as RFC 8693 §2.2.2
 * requires), `unsupported_grant_type`, `invalid_target`, `invalid_scope`, `invalid_dpop_proof` and `use_dpop_nonce`. An
 * outage of the store is 503.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type; RangeError if `lifetime` is
 *   not between a second and 5 minutes; Error if a scope is not declared.
 */
const make = <S extends string>(options: TokenExchangeOptions<S>): OAuthEndpoint => {
  checkOptions("TokenExchange.make", options, optionRules, { required: ["tokens", "issuer", "keys", "audiences"] })
  const { tokens, issuer, keys, audiences, dpop, limits, now = () => Date.now() } = options
  const lifetimeSeconds = lifetimeSecondsOf(options.lifetime)
  const targets = new Map(Object.entries<ReadonlyArray<string>>(audiences))
  for (const [audience, scopes] of targets) {
    if (!isListOfStrings(scopes)) {
      throw new TypeError(`TokenExchange.make: audiences: ${audience} needs a list of the scopes it understands`)
    }
    for (const scope of scopes) {
      const flaw = tokens.catalogue.flawOf(scope)
      if (flaw !== undefined) throw new Error(`TokenExchange.make: audiences: ${JSON.stringify(scope)} ${flaw}`)
    }
  }

  const refused = async (address: string | undefined, token: string): Promise<OAuthReply> => {
    const verdict = await limits?.ofRefusal(address, token)
    return verdict?.allowed === false ? limited(verdict) : { answer: notAccepted }
  }

  /** A client may send a proof with a bearer token too, to get a bound JWT (RFC 9449 §5). */
  const verified = async (token: string, provenKey: string | undefined) => {
    const verification = await tokens.verify(token, provenKey === undefined ? undefined : { scopes: [], provenKey })
    const isBearer = !verification.accepted && verification.refusal._tag === "WrongKey"
    return isBearer && verification.refusal.flaw === "NotBound" ? tokens.verify(token) : verification
  }

  const exchanged = async (
    caller: Caller,
    { audience, scopes }: ExchangeRequest,
    headers: Headers,
    jkt: string | undefined,
  ) => {
    const understood = tokens.catalogue.close(targets.get(audience) as ReadonlyArray<string>)
    const grantable = caller.scopes.filter((scope) => (understood as ReadonlyArray<string>).includes(scope))
    const excess = scopes?.find((scope) => !grantable.includes(scope))
    if (excess !== undefined) return { answer: scopeNotGranted(headers) }
    const issuedAt = Math.floor(now() / 1000)
    const expiresAt = Math.min(issuedAt + lifetimeSeconds, secondsOf(caller.expiresAt) ?? Infinity)
    if (expiresAt <= issuedAt) return { answer: notAccepted }
    const { issuedTo } = await tokens.find({ id: caller.tokenId, ownedBy: caller.ownedBy })
    const scope = (scopes ?? grantable).join(" ")
    const accessToken = await keys.sign({
      iss: issuer,
      sub: caller.ownedBy,
      aud: audience,
      iat: issuedAt,
      exp: expiresAt,
      jti: crypto.randomUUID(),
      client_id: issuedTo ?? caller.tokenId,
      token_id: caller.tokenId,
      scope,
      ...(jkt === undefined ? {} : { cnf: { jkt } }),
    })
    return {
      answer: oauthAnswerOf(
        200,
        {
          access_token: accessToken,
          issued_token_type: accessTokenType,
          token_type: jkt === undefined ? "Bearer" : "DPoP",
          expires_in: expiresAt - issuedAt,
          scope,
        },
        headers,
      ),
    }
  }

  return oauthEndpoint(async ({ readForm, address, headerValues, method, target = "" }) => {
    const request = exchangeRequestIn(await readForm())
    if ("answer" in request) return request
    if (!targets.has(request.audience)) return { answer: unknownTarget }
    const proofs = dpop === undefined ? [] : headerValues("dpop")
    const proof =
      proofs.length === 0 ? undefined : await dpop?.verify({ proofs, method, target, accessToken: undefined })
    if (proof?.valid === false) return proofRefused(proof)
    const verification = await verified(request.subjectToken, proof?.thumbprint)
    if (!verification.accepted) return refused(address, request.subjectToken)
    if (proof !== undefined && !(await proof.use())) return proofRefused(replayed)
    const verdict = await limits?.ofCaller(verification.caller)
    if (verdict?.allowed === false) return limited(verdict)
    const headers = { ...verdict?.headers, ...(proof && nonceField(proof)) }
    return exchanged(verification.caller, request, headers, proof?.thumbprint)
  })
}

type Headers = HttpAnswer["headers"]

interface ExchangeRequest {
  readonly subjectToken: string
  readonly audience: string
  /** `undefined`: everything the token grants. */
  readonly scopes: ReadonlyArray<string> | undefined
}

/** The parameters of RFC 8693 §2.1. None may be repeated, except that we accept one target only. */
const exchangeRequestIn = (form: Form): ExchangeRequest | OAuthReply => {
  if (form._tag === "Invalid") return { answer: OAuthAnswers.toForm(form.flaw) }
  const repeated = parameters.find((name) => form.valuesOf(name).length > 1)
  if (repeated !== undefined) return invalidRequest(`The parameter ${repeated} must not be repeated`)
  const valueOf = (name: (typeof parameters)[number]) => form.valuesOf(name)[0]
  const grantType = valueOf("grant_type")
  if (grantType === undefined) return invalidRequest("The parameter grant_type is missing")
  if (grantType !== tokenExchangeGrant) return { answer: otherGrant }
  const subjectToken = valueOf("subject_token")
  if (subjectToken === undefined) return invalidRequest("The parameter subject_token is missing")
  if (valueOf("subject_token_type") !== accessTokenType) {
    return invalidRequest(`The parameter subject_token_type must be ${accessTokenType}`)
  }
  if (![accessTokenType, jwtType, undefined].includes(valueOf("requested_token_type"))) {
    return invalidRequest(`The parameter requested_token_type must be ${accessTokenType} or omitted`)
  }
  if (valueOf("actor_token") !== undefined) return invalidRequest("Delegation with actor_token is not supported")
  const [audience, resource] = [valueOf("audience"), valueOf("resource")]
  const target = audience ?? resource
  if (target === undefined) return invalidRequest("The parameter audience is missing")
  if (audience !== undefined && resource !== undefined) return invalidRequest("Send either audience or resource")
  return {
    subjectToken,
    audience: target,
    scopes: valueOf("scope")
      ?.split(" ")
      .filter((scope) => scope !== ""),
  }
}

const parameters = [
  "grant_type",
  "subject_token",
  "subject_token_type",
  "requested_token_type",
  "actor_token",
  "audience",
  "resource",
  "scope",
] as const

const invalidRequest = (description: string): OAuthReply => ({
  answer: oauthErrorOf(400, "invalid_request", description),
})

/** RFC 9449 §5 and §8. */
const proofRefused = (flaw: ProofFlaw): OAuthReply => ({
  answer: oauthErrorOf(400, flaw.error, flaw.description, nonceField(flaw)),
})

const notAccepted = oauthErrorOf(400, "invalid_request", "The subject_token is not accepted")
const otherGrant = oauthErrorOf(400, "unsupported_grant_type", `The grant_type must be ${tokenExchangeGrant}`)
const unknownTarget = oauthErrorOf(400, "invalid_target", "No JWT can be issued for this audience")
const scopeNotGranted = (headers: Headers) =>
  oauthErrorOf(400, "invalid_scope", "The token doesn't grant a requested scope for this audience", headers)

const limited = (verdict: RateLimitVerdict & { readonly allowed: false }): OAuthReply => ({
  answer: OAuthAnswers.limited(verdict, "Too many requests"),
  cause: verdict.cause,
})

/** Rounded down, so that a JWT never outlives its token. */
const secondsOf = (instant: Date | null): number | undefined =>
  instant === null ? undefined : Math.floor(instant.getTime() / 1000)

const lifetimeSecondsOf = (lifetime: DurationOption = "5 minutes"): number =>
  Math.floor(
    Duration.toSeconds(
      durationOption("lifetime", lifetime, {
        atLeast: Duration.seconds(1),
        atMost: Duration.minutes(5),
        words: "of a second or more and at most 5 minutes",
      }),
    ),
  )

const isListOfStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((element) => typeof element === "string")

const optionRules: OptionRules<TokenExchangeOptions> = {
  tokens: [hasMethods("verify", "find"), "write tokens: await createApiTokens({ … })"],
  issuer: [(value) => isText(value) && URL.canParse(String(value)), 'write a URL: issuer: "https://api.example.com"'],
  keys: [hasMethods("sign"), "write keys: await SigningKeys.make({ … })"],
  audiences: [isObject, 'write audiences: { "https://reports.example.com": ["treasure:read"] }'],
  lifetime: [() => true, 'write lifetime: "5 minutes"'],
  dpop: dpopRule,
  limits: limitsRule,
  now: [isFunction, "write a clock: () => Date.now()"],
}

export const TokenExchange = { make } as const
