/** Checks the proof that a client sends with each request: that it holds the key its token is bound to (RFC 9449). */
import { createHash } from "node:crypto"
import { type DurationOption, isApiTokensError, RepositoryUnavailable } from "@tokenry/core"
import { anyValue, checkOptions, durationOption, isBoolean, isFunction, type OptionRules } from "@tokenry/core/adapter"
import { type DpopVerifier, hasMethods, type PresentedProof, type ProofVerdict } from "@tokenry/http"
import * as Duration from "effect/Duration"
import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWTPayload, jwtVerify } from "jose"
import { type DpopReplays, MemoryReplays } from "./DpopReplays.ts"
import { isSame, makeNonces } from "./nonces.ts"
import { normalizedUrl, requestedUrl } from "./normalizedUrl.ts"

export interface DpopOptions {
  /**
   * Where clients reach this server: scheme, host, and any part of the path that a proxy strips. A proof must be for a
   * URL below it. Never taken from the request. Example: `https://api.example.com`
   */
  readonly baseUrl: string
  /** The JWS algorithms that proofs may be signed with. Default: `["ES256", "Ed25519", "EdDSA"]`. */
  readonly algorithms?: ReadonlyArray<DpopAlgorithm> | undefined
  /** How old a proof may be, a second to an hour. With nonces, how often the nonce changes. Default: a minute. */
  readonly maxAge?: DurationOption | undefined
  /** How far a client's clock may be off, at most a minute. Default: 5 seconds. */
  readonly clockTolerance?: DurationOption | undefined
  /** Remembers used proofs. Default: `MemoryReplays.make()`. Several processes must share one. */
  readonly replays?: DpopReplays | undefined
  /**
   * At least 32 secret bytes, the same in every process. If set, every proof must contain a nonce from the server. The
   * nonce then says how old the proof is, whatever the client's clock says. Default: no nonces.
   */
  readonly nonceSecret?: Uint8Array | undefined
  /** Whether the guard refuses bearer tokens. Default: `false`. */
  readonly required?: boolean | undefined
  /** The current time, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined
}

type DpopAlgorithm = (typeof supported)[number]

/** RFC 9449 §4.2: asymmetric ones only. */
const supported = [
  "ES256",
  "ES384",
  "ES512",
  "Ed25519",
  "EdDSA",
  "PS256",
  "PS384",
  "PS512",
  "RS256",
  "RS384",
  "RS512",
] as const

/** The longest proof that is read, in characters. One with ES256 has about 600. */
const maxLength = 4096

/** RFC 9449 §4.2 asks for at least 96 bits. */
const maxJtiLength = 256

/**
 * What a guard takes as `dpop`. A request costs one signature check.
 *
 *     const dpop = Dpop.make({ baseUrl: "https://api.example.com" })
 *     app.use(bearer({ tokens, realm: "treasures", dpop }))
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type; RangeError if a duration is out
 *   of bounds.
 */
const make = (options: DpopOptions): DpopVerifier => {
  checkOptions("Dpop.make", options, optionRules, { required: ["baseUrl"] })
  const { algorithms = ["ES256", "Ed25519", "EdDSA"], required = false, now = Date.now, nonceSecret } = options
  const { replays = MemoryReplays.make() } = options
  const base = options.baseUrl.replace(/\/$/, "")
  const maxAge = millisecondsOf("maxAge", options.maxAge ?? "1 minute", secondToHour)
  const tolerance = millisecondsOf("clockTolerance", options.clockTolerance ?? "5 seconds", minuteAtMost)
  const nonces = nonceSecret && makeNonces(nonceSecret, maxAge)
  /** How long after its first use a proof could be accepted again. */
  const lifetime = nonces === undefined ? maxAge + 2 * tolerance : 3 * maxAge
  const checks = {
    typ: "dpop+jwt",
    algorithms: [...algorithms],
    requiredClaims: ["jti", "htm", "htu", "iat"],
    clockTolerance: tolerance / 1000,
    ...(nonces === undefined ? { maxTokenAge: maxAge / 1000 } : {}),
  }

  const use = async (thumbprint: string, jti: string, instant: number): Promise<boolean> => {
    const id = sha256(`${thumbprint} ${jti}`)
    try {
      return await replays.use(id, instant + lifetime, instant)
    } catch (cause) {
      throw isApiTokensError(cause) ? cause : new RepositoryUnavailable({ operation: "dpop.replays", cause })
    }
  }

  return {
    algorithms,
    isRequired: required,
    verify: async (presented) => {
      const [proof, another] = presented.proofs
      if (proof === undefined) return refused("The DPoP header is missing")
      if (another !== undefined) return refused("The request has more than one DPoP header")
      if (proof.length > maxLength) return refused("The DPoP proof is too long")
      const instant = now()
      const checked = await jwtVerify(proof, EmbeddedJWK, { ...checks, currentDate: new Date(instant) }).catch(flawOf)
      if (typeof checked === "string") return refused(checked)
      const { payload, protectedHeader } = checked
      const flaw = flawOfClaims(payload, presented, requestedUrl(base, presented.target))
      if (flaw !== undefined) return refused(flaw)
      const newest = nonces?.at(instant)
      const { jti = "", nonce } = payload
      if (nonces !== undefined && !(typeof nonce === "string" && nonces.isCurrent(nonce, instant))) {
        const description = "The DPoP proof must contain the nonce from the DPoP-Nonce header"
        return { valid: false, error: "use_dpop_nonce", description, nextNonce: newest }
      }
      const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk ?? {})
      return {
        valid: true,
        thumbprint,
        nextNonce: nonce === newest ? undefined : newest,
        use: () => use(thumbprint, jti, instant),
      }
    },
  }
}

/** What is wrong with the claims that describe the request. */
const flawOfClaims = (
  { jti, htm, htu, ath }: JWTPayload,
  { method, accessToken }: PresentedProof,
  url: string | undefined,
): string | undefined => {
  if (typeof jti !== "string" || jti === "" || jti.length > maxJtiLength) {
    return `The jti of the DPoP proof must be a string of 1 to ${maxJtiLength} characters`
  }
  if (htm !== method) return "The htm of the DPoP proof must be the method of the request"
  if (typeof htu !== "string" || url === undefined || normalizedUrl(htu) !== url) {
    return "The htu of the DPoP proof must be the URL of the request"
  }
  if (accessToken !== undefined && !(typeof ath === "string" && isSame(ath, sha256(accessToken)))) {
    return "The ath of the DPoP proof must be the hash of the token"
  }
  return undefined
}

/** What jose finds wrong. Nothing from the client is repeated: a claim it names is one of ours, or registered. */
const flawOf = (error: unknown): string => {
  if (error instanceof errors.JWTExpired) return "The DPoP proof is too old"
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "iat"
      ? "The iat of the DPoP proof must be the current time"
      : `The ${error.claim} of the DPoP proof is missing or wrong`
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return "The DPoP proof must be signed with one of the algorithms in algs"
  return "The DPoP proof must be a JWT signed with the private key of the jwk in its header"
}

const refused = (description: string): ProofVerdict => ({ valid: false, error: "invalid_dpop_proof", description })

const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64url")

const secondToHour = { atLeast: Duration.seconds(1), atMost: Duration.hours(1), words: "of a second to an hour" }
const minuteAtMost = {
  atLeast: Duration.zero,
  atMost: Duration.minutes(1),
  words: "of zero or more and at most a minute",
}

const millisecondsOf = (name: string, value: DurationOption, bounds: Parameters<typeof durationOption>[2]): number =>
  Duration.toMillis(durationOption(name, value, bounds))

const isBaseUrl = (value: unknown): boolean =>
  typeof value === "string" && /^https?:\/\/[^?#\\]+$/.test(value) && URL.parse(value)?.username === ""

const optionRules: OptionRules<DpopOptions> = {
  baseUrl: [isBaseUrl, 'write an absolute URL without query and fragment, as in baseUrl: "https://api.example.com"'],
  algorithms: [
    (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((each) => (supported as ReadonlyArray<unknown>).includes(each)),
    `write a list of these: ${supported.join(", ")}`,
  ],
  maxAge: anyValue,
  clockTolerance: anyValue,
  replays: [hasMethods("use"), "write replays: MemoryReplays.make({ capacity: 1_000_000 }), or an object with use()"],
  nonceSecret: [
    (value) => value instanceof Uint8Array && value.length >= 32,
    'write at least 32 random bytes, as in nonceSecret: Buffer.from(process.env.DPOP_NONCE_SECRET, "hex")',
  ],
  required: [isBoolean, "write true or false"],
  now: [isFunction, "write a clock: () => Date.now()"],
}

export const Dpop = { make } as const
