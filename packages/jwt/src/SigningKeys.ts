/** The keys that sign JWTs, and the document where verifiers find them (RFC 7517). */
import { checkOptions, isObject, type OptionRules } from "@tokenry/core/adapter"
import type { HttpAnswer } from "@tokenry/http"
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  SignJWT,
} from "jose"

/** EdDSA on Ed25519 (RFC 8037), and ECDSA on P-256 with SHA-256 (RFC 7518 §3.4). */
export type SigningAlgorithm = "EdDSA" | "ES256"

export const signingAlgorithms: ReadonlyArray<SigningAlgorithm> = ["EdDSA", "ES256"]

export interface SigningKeysOptions {
  /** The private key that signs, as `SigningKeys.generate` makes them. Keep it where you keep other secrets. */
  readonly signing: JWK
  /** More keys that verifiers should know: the next one before it signs, and the last one after. Default: none. */
  readonly alsoPublish?: ReadonlyArray<JWK> | undefined
}

export interface SigningKeys {
  /** A JWT of type `at+jwt` with these claims. */
  readonly sign: (claims: JWTPayload) => Promise<string>
  /** The public keys. */
  readonly document: JSONWebKeySet
  /** The response to a request for the document: clients may keep it for five minutes. */
  readonly answerTo: (method: string) => HttpAnswer
}

/** How long clients keep the document, in seconds; rotating keys waits this long twice. */
export const documentMaxAgeSeconds = 300

/**
 * To rotate, publish the next key in `alsoPublish`, and wait five minutes. Make it `signing` and publish the last one, and
 * wait six minutes, until every JWT it signed has expired. Then remove it.
 *
 * @throws TypeError if an option is unknown, missing or of the wrong type, or a key isn't one that `generate` makes. The
 *   message never contains key material.
 */
const make = async (options: SigningKeysOptions): Promise<SigningKeys> => {
  checkOptions("SigningKeys.make", options, optionRules, { required: ["signing"] })
  const { signing, alsoPublish = [] } = options
  const { alg, kid } = publicPartOf(signing, "signing")
  if (typeof signing.d !== "string") throw new TypeError("SigningKeys.make: signing must be a private key")
  const key = await importJWK(signing, alg).catch(() => {
    throw new TypeError("SigningKeys.make: signing is not a valid key")
  })
  const document = {
    keys: [signing, ...alsoPublish].map((jwk, index) =>
      publicPartOf(jwk, index === 0 ? "signing" : `alsoPublish.${index - 1}`),
    ),
  }
  if (new Set(document.keys.map((each) => each.kid)).size < document.keys.length) {
    throw new TypeError("SigningKeys.make: every key needs a kid of its own")
  }
  const published: HttpAnswer = {
    status: 200,
    headers: {
      "Content-Type": "application/jwk-set+json",
      "Cache-Control": `public, max-age=${documentMaxAgeSeconds}`,
    },
    body: JSON.stringify(document),
  }
  return {
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ typ: "at+jwt", alg, kid }).sign(key),
    document,
    answerTo: (method) =>
      method === "GET" || method === "HEAD" ? published : { status: 405, headers: { Allow: "GET, HEAD" }, body: "" },
  }
}

/** A new private key, with its thumbprint as `kid` (RFC 7638). */
const generate = async (algorithm: SigningAlgorithm = "EdDSA"): Promise<JWK> => {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg: algorithm, kid: await calculateJwkThumbprint(jwk), use: "sig" }
}

/** Only what the public key consists of, so nothing private can be published. */
const publicPartOf = ({ kty, crv, x, y, alg, kid }: JWK, where: string) => {
  if (typeof kid !== "string" || kid === "") throw new TypeError(`SigningKeys.make: ${where} needs a kid`)
  if (typeof x !== "string") throw new TypeError(`SigningKeys.make: ${where} is not a valid key`)
  if (alg === "EdDSA" && kty === "OKP" && crv === "Ed25519") return { kty, crv, x, alg, kid, use: "sig" }
  if (alg === "ES256" && kty === "EC" && crv === "P-256" && typeof y === "string") {
    return { kty, crv, x, y, alg, kid, use: "sig" }
  }
  throw new TypeError(`SigningKeys.make: ${where} must have alg EdDSA with curve Ed25519, or ES256 with curve P-256`)
}

const optionRules: OptionRules<SigningKeysOptions> = {
  signing: [isObject, "write a private JWK, as SigningKeys.generate makes them"],
  alsoPublish: [(value) => Array.isArray(value) && value.every(isObject), "write a list of JWKs"],
}

export const SigningKeys = { make, generate } as const
