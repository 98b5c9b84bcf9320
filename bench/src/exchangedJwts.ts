/** JWTs as the token exchange signs them, and two ways to verify them without the store. */
import { randomUUID } from "node:crypto"
import { JwtVerifier, type SigningAlgorithm, SigningKeys } from "@tokenry/jwt"
import { createLocalJWKSet, jwtVerify } from "jose"
import { type Contestant, contestant, type Trial } from "./contestant.ts"
import { jwts } from "./jwts.ts"
import { verifying } from "./ours.ts"
import { few, headerOf, ownerOf, scope, scopes, tokenIn } from "./setting.ts"

const [issuer, audience] = ["https://api.example.com", "https://reports.example.com"]
const [now, lifetimeSeconds] = [Date.now(), 300]

/** These JWTs can't be revoked, so expired ones stand in for revoked ones. */
export const exchangedJwts = async (algorithm: SigningAlgorithm) => {
  const keysOf = async () => SigningKeys.make({ signing: { ...(await SigningKeys.generate(algorithm)), kid: "bench" } })
  const [keys, others] = [await keysOf(), await keysOf()]
  const headersBy = (by: SigningKeys, issuedAt: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const ids = { sub: ownerOf(index), jti: randomUUID(), client_id: randomUUID(), token_id: randomUUID() }
        const times = { iat: issuedAt, exp: issuedAt + lifetimeSeconds }
        return headerOf(await by.sign({ iss: issuer, aud: audience, scope, ...ids, ...times }))
      }),
    )
  const seconds = Math.floor(now / 1000)
  const good = await headersBy(keys, seconds, few)
  const trial: Trial = {
    good,
    owners: good.map((_, index) => ownerOf(index)),
    malformed: good.map((header) => headerOf(`${tokenIn(header)}.`)),
    unknown: await headersBy(others, seconds, few),
    revoked: await headersBy(keys, seconds - 2 * lifetimeSeconds, 20),
  }
  const jwks = keys.document
  const verifier = JwtVerifier.make({ issuer, audience, jwks, catalogue: scopes, now: () => now })
  return { trial, tokenry: verifying(verifier), jose: withJoseAlone(createLocalJWKSet(jwks), algorithm) }
}

/** The same checks of the JWT, without a caller, a catalogue or reasons. */
const withJoseAlone = (keys: ReturnType<typeof createLocalJWKSet>, algorithm: SigningAlgorithm): Contestant => {
  const checks = { issuer, audience, algorithms: [algorithm], typ: "at+jwt", maxTokenAge: lifetimeSeconds }
  return contestant(
    async (header) => {
      if (!header.startsWith("Bearer ")) return undefined
      try {
        const jwt = header.slice("Bearer ".length)
        const { payload } = await jwtVerify(jwt, keys, { ...checks, currentDate: new Date(now) })
        return jwts.hasScope(payload) ? payload : undefined
      } catch {
        return undefined
      }
    },
    (payload) => payload?.sub,
  )
}
