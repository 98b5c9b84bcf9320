/** Tokens bound to a client's key, where the guard is made with `dpop`. */
import { Dpop } from "@tokenry/dpop"
import { createHmac } from "node:crypto"
import {
  accepted,
  credentialsRequired,
  type ExpectedAnswer,
  lacksScope,
  malformed,
  refused,
  type Rule,
  rulesVaryingOn,
} from "./Rule.ts"
import { baseUrl, proofTime } from "./sentProofs.ts"

const options = { baseUrl, now: () => proofTime }
const nonceSecret = new Uint8Array(32).fill(7)

export const dpop = Dpop.make(options)
export const dpopWithNonces = Dpop.make({ ...options, nonceSecret })
export const dpopRequired = Dpop.make({ ...options, required: true })

/** The nonce of the guard with nonces, which changes every minute. */
export const nonce = createHmac("sha256", nonceSecret)
  .update(`DPoP nonce ${proofTime / 60_000}`)
  .digest("base64url")

const algs = 'algs="ES256 Ed25519 EdDSA"'

const rule = rulesVaryingOn("Authorization, DPoP")

/** The same response, whose challenge offers DPoP as well as Bearer. */
const orDpop = (answer: ExpectedAnswer): ExpectedAnswer => ({
  ...answer,
  challenge: `${answer.challenge}, DPoP realm="treasures", ${algs}`,
})

/** The same response, whose challenge is for DPoP. */
const forDpop = (answer: ExpectedAnswer): ExpectedAnswer => ({
  ...answer,
  challenge: `${answer.challenge?.replace("Bearer", "DPoP")}, ${algs}`,
})

const proofRefused: ExpectedAnswer = {
  ...refused,
  challenge: `DPoP realm="treasures", error="invalid_dpop_proof", error_description="…", ${algs}`,
  problem: "dpop-proof-refused",
}

const nonceRequired: ExpectedAnswer = {
  ...refused,
  challenge: `DPoP realm="treasures", error="use_dpop_nonce", error_description="…", ${algs}`,
  problem: "dpop-nonce-required",
  headers: { "dpop-nonce": nonce },
}

const bound = "Authorization: DPoP {bound}"
const good = accepted("user-1")
const hoard = "GET /hoard HTTP/1.1"

export const dpopRules: ReadonlyArray<Rule> = [
  rule("RFC 9449 §7.1", "a bound token with a proof", [bound, "DPoP: {proof}"], good),
  rule(
    "RFC 9449 §4.3",
    "a proof whose URL has a query",
    [bound, "DPoP: {proof with query}"],
    good,
    "GET /?q=1 HTTP/1.1",
  ),
  rule(
    "Tokenry: `first-key`",
    "a `first-key` token at its first use",
    ["Authorization: DPoP {first}", "DPoP: {proof of first}"],
    good,
  ),
  rule("RFC 9449 §7.1", "no credentials", [], orDpop(credentialsRequired)),
  rule("RFC 9449 §7.2", "a bearer token sent as Bearer", ["Authorization: Bearer {good}"], good),
  rule("RFC 9449 §7.1", "a bound token sent as Bearer", ["Authorization: Bearer {bound}"], orDpop(refused)),
  rule(
    "RFC 9449 §7.1",
    "a bound token sent as Bearer, with a proof",
    ["Authorization: Bearer {bound}", "DPoP: {proof}"],
    orDpop(refused),
  ),
  rule(
    "RFC 9449 §7.1",
    "a bearer token sent as DPoP",
    ["Authorization: DPoP {good}", "DPoP: {proof of good}"],
    forDpop(refused),
  ),
  rule(
    "RFC 9449 §7.1",
    "a revoked token",
    ["Authorization: DPoP {revoked}", "DPoP: {proof of revoked}"],
    forDpop(refused),
  ),
  rule("RFC 9449 §7.1", "a proof by another key", [bound, "DPoP: {proof by another key}"], forDpop(refused)),
  rule(
    "RFC 9449 §7.1",
    "a bound token without the scopes",
    [bound, "DPoP: {proof at /hoard}"],
    forDpop(lacksScope),
    hoard,
  ),
  rule("RFC 6750 §3.1", "a bearer token without the scopes", ["Authorization: Bearer {good}"], lacksScope, hoard),
  rule("RFC 9110 §11.4", "the scheme in lower case, and nothing after it", ["Authorization: dpop"], orDpop(malformed)),
  rule("RFC 9110 §11.4", "two tokens after DPoP", ["Authorization: DPoP {bound}, {bound}"], orDpop(malformed)),
  rule("RFC 9449 §4.3", "no proof", [bound], proofRefused),
  rule("RFC 9449 §4.3", "two proofs", [bound, "DPoP: {proof}", "DPoP: {proof}"], proofRefused),
  rule("RFC 9449 §4.3", "an empty proof", [bound, "DPoP:"], proofRefused),
  rule("RFC 9449 §4.3", "a proof that isn't a JWT", [bound, "DPoP: {a×3000}"], proofRefused),
  ...(
    [
      "proof signed by another key",
      "proof for POST",
      "proof for another path",
      "proof for the Host",
      "proof for another token",
      "proof without ath",
      "old proof",
      "proof from the future",
      "proof without jti",
      "proof with the type JWT",
    ] as const
  ).map((proof) =>
    rule("RFC 9449 §4.3", `a ${proof}`.replace("a old", "an old"), [bound, `DPoP: {${proof}}`], proofRefused),
  ),
]

export const nonceRules: ReadonlyArray<Rule> = [
  rule("RFC 9449 §9", "a proof without a nonce", [bound, "DPoP: {proof}"], nonceRequired),
  rule("RFC 9449 §9", "a proof with the wrong nonce", [bound, "DPoP: {proof with another nonce}"], nonceRequired),
  rule("RFC 9449 §9", "a proof with the nonce", [bound, "DPoP: {proof with the nonce}"], good),
]

export const dpopRequiredRules: ReadonlyArray<Rule> = [
  rule("RFC 9449 §7.1", "a bound token with a proof", [bound, "DPoP: {proof}"], good),
  rule(
    "RFC 9449 §7.2",
    "a bearer token sent as Bearer",
    ["Authorization: Bearer {good}"],
    forDpop(credentialsRequired),
  ),
  rule("RFC 9449 §7.1", "no credentials", [], forDpop(credentialsRequired)),
]
