/** One DPoP proof of each kind, and the placeholders that stand for them in the rules. */
import { createHash } from "node:crypto"
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose"

/** When the proofs are made and checked, in milliseconds since the epoch. */
export const proofTime = 1_800_000_000_000

/** Where clients reach the server, whatever `Host` says. */
export const baseUrl = "https://api.example.test/v1"

const proofs = {
  proof: {},
  "proof sent twice": {},
  "proof at /hoard": { htu: `${baseUrl}/hoard` },
  "proof with query": { htu: `${baseUrl}/?page=2#top` },
  "proof of first": { of: "first" },
  "proof of good": { of: "good" },
  "proof of revoked": { of: "revoked" },
  "proof by another key": { key: "another" },
  "proof signed by another key": { signedBy: "another" },
  "proof for POST": { htm: "POST" },
  "proof for another path": { htu: `${baseUrl}/hoard` },
  "proof for the Host": { htu: "http://127.0.0.1/" },
  "proof for another token": { of: "good" },
  "proof without ath": { ath: undefined },
  "old proof": { iat: proofTime / 1000 - 100 },
  "proof from the future": { iat: proofTime / 1000 + 100 },
  "proof without jti": { jti: undefined },
  "proof with the type JWT": { typ: "JWT" },
  "proof with the nonce": { nonce: "the server's" },
  "proof with another nonce": { nonce: "mine" },
} as const satisfies Record<string, Described>

interface Described {
  /** The token whose hash is `ath`. Default: bound. */
  readonly of?: string
  readonly key?: "another"
  readonly signedBy?: "another"
  readonly typ?: string
  readonly htm?: string
  readonly htu?: string
  readonly ath?: undefined
  readonly jti?: undefined
  readonly iat?: number
  readonly nonce?: string
}

export type SentProof = keyof typeof proofs

const aKey = async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) }
}

/** Makes the client's key, then all proofs for these tokens. `bound` is bound to that key. */
export const openSentProofs = async () => {
  const [own, another] = [await aKey(), await aKey()]
  const proofOf = async (described: Described, plaintexts: Readonly<Record<string, string>>, nonce: string) => {
    const { of = "bound", key, signedBy, typ = "dpop+jwt", nonce: named, ...claims } = described
    const ath = createHash("sha256")
      .update(plaintexts[of] ?? "")
      .digest("base64url")
    const right = { jti: crypto.randomUUID(), htm: "GET", htu: `${baseUrl}/`, iat: proofTime / 1000, ath }
    const said = named === "the server's" ? { nonce } : named === undefined ? {} : { nonce: named }
    const { jwk } = key === "another" ? another : own
    return new SignJWT(JSON.parse(JSON.stringify({ ...right, ...said, ...claims })) as Record<string, unknown>)
      .setProtectedHeader({ typ, alg: "ES256", jwk })
      .sign((key ?? signedBy) === "another" ? another.privateKey : own.privateKey)
  }
  return {
    thumbprint: own.thumbprint,
    madeFor: async (plaintexts: Readonly<Record<string, string>>, nonce: string) =>
      Object.fromEntries(
        await Promise.all(
          Object.entries(proofs).map(async ([name, described]) => [name, await proofOf(described, plaintexts, nonce)]),
        ),
      ) as Record<SentProof, string>,
  }
}
