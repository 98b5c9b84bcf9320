/** The guard: decides about a request, from its headers to a caller or a denial, independent of any framework. */
import { isApiTokensError } from "@tokenry/core"
import { checkOptions, isObject, isText, type OptionRules } from "@tokenry/core/adapter"
import type { Caller, PromiseApiTokens } from "@tokenry/core/promise"
import { readBearer, readKeyOrBearer, type Schemes } from "../credentials/readCredentials.ts"
import { type ProblemOptions, problemOptionRules } from "../problems/Problem.ts"
import { limitsRule, type RateLimits, type RateLimitVerdict } from "../rate-limits/RateLimits.ts"
import { type Denial, type Denials, oauthDenials, problemDenials, type Protection } from "./Denial.ts"
import { dpopRule, type DpopVerifier, nonceField, type ProofVerdict, replayed } from "./DpopVerifier.ts"
import { hasMethods } from "./hasMethods.ts"

/** The use cases a guard needs. */
export type GuardTokens<S extends string = string> = Pick<PromiseApiTokens<S>, "verify" | "authorize" | "catalogue">

export interface GuardOptions<S extends string = string> extends Protection, ProblemOptions {
  /** What `createApiTokens` returned. */
  readonly tokens: GuardTokens<S>
  /**
   * Another header that contains just the token, for existing clients. The Authorization header is still read; a
   * request with both is 400. Default: none.
   */
  readonly from?: { readonly header: string } | undefined
  /**
   * Accepts tokens bound to a client's key, with the scheme DPoP (RFC 9449): `Dpop.make` of `@tokenry/dpop`. Default:
   * none, and such tokens are refused.
   */
  readonly dpop?: DpopVerifier | undefined
  /** Limits for tokens, owners and addresses, checked after each verify. Default: none. */
  readonly limits?: RateLimits | undefined
}

/** A request as the guard reads it. */
export interface GuardedRequest {
  /** All values of a header field, by its lower-case name. One element per line, where the framework keeps lines apart. */
  readonly headerValues: (name: string) => ReadonlyArray<string>
  /** The client's address, for limits on failed attempts. */
  readonly address?: string | undefined
  /** Needed for DPoP. */
  readonly method?: string | undefined
  /** The target as the client sent it, before any router changes it: a path and query, or a URL. Needed for DPoP. */
  readonly target?: string | undefined
}

/** The guard's decision. Put `headers` on the response either way. */
export type Admission<S extends string = string> =
  | { readonly admitted: true; readonly caller: Caller<S>; readonly headers: Readonly<Record<string, string>> }
  | { readonly admitted: false; readonly denial: Denial }

export interface Guard<S extends string = string> {
  /**
   * Reads the credentials, checks the proof if there is one, verifies the token, applies the limits and checks the
   * scopes, in this order. A 401 names the scopes in its challenge. A store outage is a denial with status 503; any
   * other failure rejects. Costs one `verify`, and with DPoP one signature check.
   */
  readonly admit: (request: GuardedRequest, scopes?: ReadonlyArray<S>) => Promise<Admission<S>>
  /** Checks scopes for an admitted caller: returns the denial, or `undefined` if everything is granted. */
  readonly authorize: (caller: Caller, scopes: ReadonlyArray<S>) => Denial | undefined
  /**
   * Checks a route's required scopes at startup.
   *
   * @throws Error if there are none, or one is not declared; names the scope and the closest declared one.
   */
  readonly assertRequirable: (where: string, scopes: ReadonlyArray<string>) => void
  /**
   * The fields every response of a guarded route varies on (RFC 9110 §12.5.5): `Authorization`, `from.header` if
   * set, and `DPoP` with DPoP.
   */
  readonly vary: string
  /** The denials, for decisions of your own: `denials.insufficientScope(["treasure:read"])`. */
  readonly denials: Denials
}

/**
 * Makes a guard. Its denials have problem details as bodies; `problemBase` is where their types are documented.
 *
 *     const guard = Guard.make({ tokens, realm: "treasures", problemBase: "https://api.example.com/problems/" })
 *     const admission = await guard.admit({ headerValues: (name) => rawHeaderValues(req.rawHeaders, name) })
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type; Error if a value is not valid.
 */
const make = <S extends string>(options: GuardOptions<S>): Guard<S> => {
  checkOptions("Guard.make", options, optionRules, optionChecks)
  const { problemBase } = options
  return guardWith(options, (rendering) => problemDenials(rendering, { problemBase }))
}

/** The same with bodies in OAuth's own error format (RFC 6749 §5.2), for OAuth's endpoints. */
const makeForOAuth = <S extends string>(options: Omit<GuardOptions<S>, "problemBase">): Guard<S> => {
  checkOptions("Guard.makeForOAuth", options, optionRules, optionChecks)
  return guardWith(options, oauthDenials)
}

const guardWith = <S extends string>(
  { tokens, from, limits, dpop, ...protection }: Omit<GuardOptions<S>, "problemBase">,
  denialsOf: (rendering: Parameters<typeof oauthDenials>[0]) => Denials,
): Guard<S> => {
  const keyHeader = checkedHeader(from)
  const keyName = keyHeader?.toLowerCase()
  const vary = [
    "Authorization",
    ...(keyHeader === undefined ? [] : [keyHeader]),
    ...(dpop === undefined ? [] : ["DPoP"]),
  ].join(", ")
  const { realm, resourceMetadata } = protection
  const rendering = { realm, resourceMetadata, vary, keyHeader, dpop }
  const denials = denialsOf(rendering)
  const dpopDenials = dpop === undefined ? denials : denialsOf({ ...rendering, usesDpop: true })
  const schemes: Schemes = dpop === undefined ? "Bearer" : "Bearer or DPoP"

  const limited = (verdict: RateLimitVerdict & { readonly allowed: false }): Denial =>
    verdict.reason === "rate-limited" ? denials.rateLimited(verdict.headers) : denials.unavailable(verdict.cause)

  const authorize: Guard<S>["authorize"] = (caller, scopes) => {
    const { insufficientScope } = caller.boundTo === null ? denials : dpopDenials
    return tokens.authorize(caller, scopes).granted ? undefined : insufficientScope(scopes)
  }

  /** Without a proof if the token was sent with the scheme Bearer. */
  const verified = async (
    request: GuardedRequest,
    token: string,
    scopes: ReadonlyArray<S>,
    proof?: ProofVerdict & { readonly valid: true },
  ): Promise<Admission<S>> => {
    try {
      const verification = await tokens.verify(token, proof && { scopes: noScopes, provenKey: proof.thumbprint })
      if (!verification.accepted) {
        const verdict = await limits?.ofRefusal(request.address, token)
        if (verdict?.allowed === false) return denied(limited(verdict))
        return denied((proof === undefined ? denials : dpopDenials).refused(scopes))
      }
      if (proof !== undefined && !(await proof.use())) return denied(dpopDenials.proofRefused(replayed))
      const { caller } = verification
      const verdict = limits === undefined ? unlimited : await limits.ofCaller(caller)
      if (!verdict.allowed) return denied(limited(verdict))
      const lacking = scopes.length === 0 ? undefined : authorize(caller, scopes)
      return lacking === undefined
        ? { admitted: true, caller, headers: verdict.headers }
        : denied({ ...lacking, headers: { ...lacking.headers, ...verdict.headers } })
    } catch (error) {
      if (!isApiTokensError(error) || error._tag !== "RepositoryUnavailable") throw error
      return denied(denials.unavailable(error))
    }
  }

  const withProof = async (
    request: GuardedRequest,
    token: string,
    scopes: ReadonlyArray<S>,
    { verify }: DpopVerifier,
  ): Promise<Admission<S>> => {
    const { method, target } = request
    if (method === undefined || target === undefined) throw new TypeError("DPoP needs the request's method and target")
    const proof = await verify({ proofs: request.headerValues("dpop"), method, target, accessToken: token })
    if (!proof.valid) return denied(dpopDenials.proofRefused(proof))
    const admission = await verified(request, token, scopes, proof)
    const field = nonceField(proof)
    return admission.admitted
      ? { ...admission, headers: { ...admission.headers, ...field } }
      : denied({ ...admission.denial, headers: { ...admission.denial.headers, ...field } })
  }

  /** Not async itself: one more promise would take about 4 % of an admission. */
  const admit: Guard<S>["admit"] = (request, scopes = noScopes) => {
    const authorization = request.headerValues("authorization")
    const credentials =
      keyName === undefined
        ? readBearer(authorization, schemes)
        : readKeyOrBearer(request.headerValues(keyName), authorization, schemes)
    if (!("token" in credentials)) return Promise.resolve(denied(denials.ofCredentials(credentials, scopes)))
    const { token } = credentials
    if (dpop === undefined || (credentials._tag === "Bearer" && !dpop.isRequired)) {
      return verified(request, token, scopes)
    }
    return credentials._tag === "DPoP"
      ? withProof(request, token, scopes, dpop)
      : Promise.resolve(denied(denials.ofCredentials({ _tag: "OtherScheme" }, scopes)))
  }

  return {
    admit,
    authorize,
    assertRequirable: (where, scopes) => {
      if (scopes.length === 0)
        throw new Error(`${where}: name at least one scope; for any accepted token, leave it out`)
      for (const scope of scopes) {
        if (typeof scope !== "string") throw new TypeError(`${where}: each scope must be a string`)
        const flaw = tokens.catalogue.flawOf(scope)
        if (flaw !== undefined) throw new Error(`${where}: ${JSON.stringify(scope)} ${flaw}`)
      }
    },
    vary,
    denials,
  }
}

const noScopes: ReadonlyArray<never> = []
const unlimited: RateLimitVerdict = { allowed: true, headers: {} }

const denied = (denial: Denial) => ({ admitted: false, denial }) as const

/** The header's name in lower case, checked. */
const checkedHeader = (from: GuardOptions["from"]): string | undefined => {
  if (from === undefined) return undefined
  checkOptions("from", from, fromRules)
  const { header } = from
  if (typeof header !== "string" || !/^[\w!#$%&'*+\-.^`|~]+$/.test(header)) {
    throw new Error('from.header must be the name of a header, as in from: { header: "X-API-Key" }')
  }
  if (/^(?:authorization|proxy-authorization|cookie|host)$/i.test(header)) {
    throw new Error(`from.header can't be ${header}; the Authorization header is read anyway`)
  }
  return header
}

const fromRules: OptionRules<NonNullable<GuardOptions["from"]>> = {
  header: [isText, 'write from: { header: "X-API-Key" }'],
}

const isTokens = (value: unknown): boolean =>
  hasMethods("verify", "authorize")(value) &&
  hasMethods("flawOf")((value as Readonly<Record<string, unknown>>)["catalogue"])

export const optionRules: OptionRules<GuardOptions> = {
  tokens: [isTokens, "write tokens: await createApiTokens({ … })"],
  realm: [isText, 'write what the tokens protect, as in realm: "treasures"'],
  ...problemOptionRules,
  resourceMetadata: [isText, "write the url that ProtectedResourceMetadata.make returned"],
  dpop: dpopRule,
  from: [isObject, 'write from: { header: "X-API-Key" }'],
  limits: limitsRule,
}

/** More option checks, shared by guards and the adapters built on them. */
export const optionChecks = {
  required: ["tokens", "realm"],
  misplaced: {
    header: 'write from: { header: "X-API-Key" }',
    scopes: "a guard takes no scopes; name them where you require them, for each route",
  },
} as const

export const Guard = { make, makeForOAuth } as const
