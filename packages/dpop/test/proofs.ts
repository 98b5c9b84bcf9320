/** Makes proofs as a client does, and every wrong one. */
import { createHash } from "node:crypto"
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose"

export const now = 1_800_000_000_000
export const accessToken = "tcp_anyToken"
export const url = "https://api.example.com/treasures"

const athOf = (token: string) => createHash("sha256").update(token).digest("base64url")

export interface ProofKey {
  readonly privateKey: CryptoKey
  readonly jwk: JWK
  readonly thumbprint: string
  readonly alg: string
}

export const aKey = async (alg = "ES256"): Promise<ProofKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk), alg }
}

export interface Changes {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Signs in place of the key in the header. */
  readonly signedWith?: CryptoKey
}

/** A proof for a GET of `url`, `ms` after `now`, with these changes. `undefined` removes a claim. */
export const aProof = (key: ProofKey, { claims = {}, header = {}, signedWith = key.privateKey }: Changes = {}) => {
  const right = { jti: crypto.randomUUID(), htm: "GET", htu: url, iat: now / 1000, ath: athOf(accessToken) }
  return new SignJWT(JSON.parse(JSON.stringify({ ...right, ...claims })) as Record<string, unknown>)
    .setProtectedHeader({ typ: "dpop+jwt", alg: key.alg, jwk: key.jwk, ...header })
    .sign(signedWith)
}
