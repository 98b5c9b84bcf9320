/** JSON Web Tokens as contestants: what they are checked for, and the list of ids that can be revoked before they expire. */
import { randomUUID, randomBytes } from "node:crypto"
import { generateKeyPair, jwtVerify, SignJWT } from "jose"
import { type Contestant, contestant, type Trial } from "./contestant.ts"
import { headerOf, ownerOf, scope, tokenIn } from "./setting.ts"

type Algorithm = "HS256" | "EdDSA"

const revokedCount = 20

/** Its `unknown` tokens are signed with another key. */
const issue = async (algorithm: Algorithm, count: number) => {
  const [ours, another] = [await keysFor(algorithm), await keysFor(algorithm)]
  const revokedIds = new Set<string>()
  const sign = async (key: typeof ours.sign, index: number, id: string) => {
    const jwt = new SignJWT({ scope }).setProtectedHeader({ alg: algorithm }).setSubject(ownerOf(index))
    return headerOf(await jwt.setIssuedAt().setExpirationTime("90 days").setJti(id).sign(key))
  }
  const indexes = Array.from({ length: count }, (_, index) => index)
  const good = await Promise.all(indexes.map((index) => sign(ours.sign, index, randomUUID())))
  const unknown = await Promise.all(indexes.map((index) => sign(another.sign, index, randomUUID())))
  const revoked = []
  for (let index = 0; index < revokedCount; index++) {
    const id = randomUUID()
    revokedIds.add(id)
    revoked.push(await sign(ours.sign, index, id))
  }
  const malformed = good.map((header) => headerOf(`${tokenIn(header)}.`))
  const trial: Trial = { good, owners: indexes.map(ownerOf), malformed, unknown, revoked }
  return { trial, revokedIds, secret: ours.secret, key: ours.verify, algorithm }
}

const keysFor = async (algorithm: Algorithm) => {
  const secret = randomBytes(32)
  if (algorithm === "HS256") return { sign: secret, verify: secret, secret }
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  return { sign: privateKey, verify: publicKey, secret }
}

const hasScope = (payload: object): boolean =>
  "scope" in payload && typeof payload.scope === "string" && payload.scope.split(" ").includes(scope)

/** As jose's users verify, and then a look at the list. */
const withJose = ({ key, algorithm, revokedIds }: Awaited<ReturnType<typeof issue>>): Contestant =>
  contestant(
    async (header) => {
      if (!header.startsWith("Bearer ")) return undefined
      try {
        const { payload } = await jwtVerify(header.slice("Bearer ".length), key, { algorithms: [algorithm] })
        return revokedIds.has(payload.jti ?? "") || !hasScope(payload) ? undefined : payload
      } catch {
        return undefined
      }
    },
    (payload) => payload?.sub,
  )

export const jwts = { issue, hasScope, withJose } as const
