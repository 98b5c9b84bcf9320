/** Verifies JWTs from a token exchange, in services that can't reach the store. */
import {
  type Authorization,
  type DurationOption,
  InvalidInput,
  missingScopes,
  type Refusal,
  RepositoryUnavailable,
  type ScopeCatalogue,
} from "@tokenry/core"
import {
  checkOptions,
  durationOption,
  isFunction,
  isObject,
  isText,
  KeyBinding,
  type KeyThumbprint,
  type OptionRules,
  type OwnerId,
  type TokenId,
} from "@tokenry/core/adapter"
import type { Caller, Verification } from "@tokenry/core/promise"
import type { GuardTokens } from "@tokenry/http"
import * as Duration from "effect/Duration"
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  type JWTPayload,
  jwtVerify,
} from "jose"
import { documentMaxAgeSeconds, signingAlgorithms } from "./SigningKeys.ts"

export interface JwtVerifierOptions<S extends string = string> {
  /** The issuer, exactly as `TokenExchange.make` has it. */
  readonly issuer: string
  /** This service, as `audiences` of the exchange names it. JWTs for other services are refused. */
  readonly audience: string
  /** Where the issuer publishes its keys, or the keys themselves. */
  readonly jwks: URL | JSONWebKeySet
  /** The scopes that this service requires. Others that a JWT grants are ignored. */
  readonly catalogue: ScopeCatalogue<S>
  /** How far the clocks of issuer and verifier may differ, at most a minute. Default: 5 seconds. */
  readonly clockTolerance?: DurationOption | undefined
  /** The current time, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** The longest JWT that is read, in characters. One from the exchange has about 600. */
const maxLength = 4096

/** The longest that a JWT is accepted, in seconds, whatever expiry it claims. */
const maxAgeSeconds = 300

/**
 * What a guard, and so every adapter, takes as `tokens`. A request costs one signature check, and no request to anyone:
 * the keys are fetched when first needed and every five minutes, and for an unknown key at most every 30 seconds.
 *
 *     const tokens = JwtVerifier.make({ issuer, audience: "https://reports.example.com", jwks, catalogue })
 *     app.use(bearer({ tokens, realm: "reports" }))
 *
 * A JWT can't be revoked: one obtained just before its token was revoked is accepted for at most 5 minutes, plus
 * `clockTolerance`. While the keys can't be fetched, `verify` rejects with `RepositoryUnavailable`, which a guard answers
 * with 503.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type; RangeError if
 *   `clockTolerance` is not between zero and a minute.
 */
const make = <S extends string>(options: JwtVerifierOptions<S>): GuardTokens<S> => {
  checkOptions("JwtVerifier.make", options, optionRules, { required: ["issuer", "audience", "jwks", "catalogue"] })
  const { issuer, audience, jwks, catalogue, now = () => Date.now() } = options
  const signingKeyOf = keysFrom(jwks)
  const checks = {
    issuer,
    audience,
    typ: "at+jwt",
    algorithms: [...signingAlgorithms],
    requiredClaims: ["iat", "exp", "sub", "jti", "client_id"],
    maxTokenAge: maxAgeSeconds,
    clockTolerance: toleranceSecondsOf(options.clockTolerance),
  }

  const authorize: GuardTokens<S>["authorize"] = (caller, scopes) => {
    const missing = missingScopes(scopes, caller)
    const undeclared = scopes.findIndex((scope) => !catalogue.has(scope))
    if (undeclared >= 0) {
      const message = catalogue.flawOf(scopes[undeclared] as string) ?? ""
      throw new InvalidInput({ issues: [{ path: ["scopes", String(undeclared)], message }] })
    }
    return missing.length === 0 ? granted : { granted: false, missing }
  }

  return {
    catalogue,
    authorize,
    verify: async (presented, requirement) => {
      if (typeof presented !== "string" || presented.length > maxLength) return refusedAs(malformed)
      const outcome = await jwtVerify(presented, signingKeyOf, { ...checks, currentDate: new Date(now()) }).catch(
        refusalOf,
      )
      if ("_tag" in outcome) return refusedAs(outcome)
      const caller = callerOf(outcome.payload, catalogue)
      if (caller === undefined) return refusedAs({ _tag: "Unknown" })
      const flaw = KeyBinding.flawOf(caller.boundTo ?? undefined, requirement?.provenKey)
      if (flaw !== undefined) return refusedAs({ _tag: "WrongKey", tokenId: caller.tokenId, flaw })
      const required = requirement?.scopes ?? []
      const authorization: Authorization = required.length === 0 ? granted : authorize(caller, required)
      if (authorization.granted) return { accepted: true, caller }
      const { tokenId, ownedBy } = caller
      return refusedAs({ _tag: "InsufficientScope", tokenId, ownedBy, required, missing: authorization.missing })
    },
  }
}

/** Looks a key up; rejects with `RepositoryUnavailable` if the issuer can't be reached. */
const keysFrom = (jwks: URL | JSONWebKeySet) => {
  const lookUp =
    jwks instanceof URL
      ? createRemoteJWKSet(jwks, { cacheMaxAge: documentMaxAgeSeconds * 1000 })
      : createLocalJWKSet(jwks)
  return (header: JWSHeaderParameters, token: FlattenedJWSInput) =>
    lookUp(header, token).catch((cause: unknown) => {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JOSENotSupported) throw cause
      throw new RepositoryUnavailable({ operation: "jwks", cause })
    })
}

/** Why a JWT is refused. Anything but jose's own errors is rethrown. */
const refusalOf = (error: unknown): Refusal => {
  if (error instanceof errors.JWTExpired) {
    return { _tag: "Expired", tokenId: String(error.payload["token_id"]) as TokenId, on: "token" }
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return malformed
  if (error instanceof errors.JOSEError) return { _tag: "Unknown" }
  throw error
}

/** No secret has generation 0, so no use case accepts this caller: a JWT can't mint or manage tokens. */
const callerOf = <S extends string>(payload: JWTPayload, catalogue: ScopeCatalogue<S>) => {
  const { sub, exp, scope, token_id: tokenId } = payload
  const boundTo = keyOf(payload)
  return typeof sub === "string" &&
    typeof exp === "number" &&
    typeof tokenId === "string" &&
    typeof scope === "string" &&
    boundTo !== undefined
    ? ({
        tokenId: tokenId as TokenId,
        generation: 0,
        ownedBy: sub as OwnerId,
        ancestors: [],
        scopes: catalogue.close(scope.split(" ")),
        narrowedBy: [],
        expiresAt: new Date(exp * 1000),
        boundTo,
      } satisfies Caller<S>)
    : undefined
}

/** The key in `cnf` (RFC 9449 §6.1); `null` without `cnf`, `undefined` for one we can't check (RFC 7800 §3.1). */
const keyOf = ({ cnf }: JWTPayload): KeyThumbprint | null | undefined => {
  if (cnf === undefined) return null
  const { jkt, ...others } = Object(cnf) as { readonly jkt?: unknown }
  return KeyBinding.isThumbprint(jkt) && Object.keys(others).length === 0 ? jkt : undefined
}

const granted: Authorization = Object.freeze({ granted: true })
const malformed: Refusal = { _tag: "Malformed", flaw: "WrongCharacter" }

const refusedAs = (refusal: Refusal): Verification<never> => ({ accepted: false, refusal })

const toleranceSecondsOf = (clockTolerance: DurationOption = "5 seconds"): number =>
  Duration.toSeconds(
    durationOption("clockTolerance", clockTolerance, {
      atLeast: Duration.zero,
      atMost: Duration.minutes(1),
      words: "of zero or more and at most a minute",
    }),
  )

const optionRules: OptionRules<JwtVerifierOptions> = {
  issuer: [isText, 'write the issuer\'s URL: issuer: "https://api.example.com"'],
  audience: [isText, 'write this service\'s name: audience: "https://reports.example.com"'],
  jwks: [isObject, 'write jwks: new URL("https://api.example.com/oauth/jwks")'],
  catalogue: [isObject, "write catalogue: ScopeCatalogue.make({ … })"],
  clockTolerance: [() => true, 'write clockTolerance: "5 seconds"'],
  now: [isFunction, "write a clock: () => Date.now()"],
}

export const JwtVerifier = { make } as const
