/** A service that has only the verifier, behind the same guard as one that has the store. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { describe, expect, it, onTestFinished } from "@effect/vitest"
import { bearer } from "@tokenry/fetch"
import { JwtVerifier, SigningKeys } from "@tokenry/jwt"
import { type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from "jose"
import { audience, catalogue, issuer, jwksOf, openExchange, withClock } from "./exchanging.ts"

const statusWith = async (
  tokens: ReturnType<typeof JwtVerifier.make>,
  jwt: string,
  ...scopes: ReadonlyArray<string>
) => {
  const guard = bearer({ tokens, realm: "reports" })
  const handler = guard.requireScopes(...(scopes.length === 0 ? ["treasure:read"] : scopes))(() => new Response("ok"))
  return handler(new Request("https://reports.example.test/", { headers: { Authorization: `Bearer ${jwt}` } }))
}

describe("a verifier", () => {
  it("accepts a JWT of the exchange, as the caller of its token", async () => {
    const { issue, exchanged, verifier } = await openExchange()
    const { plaintext, token } = await issue()
    const verification = await verifier.verify(await exchanged(plaintext))
    expect(verification).toMatchObject({
      accepted: true,
      caller: { ownedBy: "user-1", tokenId: token.id, scopes: ["treasure:edit", "treasure:read"] },
    })
  })

  it("lets any adapter require scopes", async () => {
    const { issue, exchanged, verifier } = await openExchange()
    const jwt = await exchanged((await issue()).plaintext, { scope: "treasure:read" })
    expect((await statusWith(verifier, jwt, "treasure:read")).status).toBe(200)
    const denied = await statusWith(verifier, jwt, "treasure:edit")
    expect([denied.status, denied.headers.get("WWW-Authenticate")]).toEqual([
      403,
      expect.stringContaining('scope="treasure:edit"'),
    ])
    expect(await verifier.verify(jwt, { scopes: ["treasure:edit"] })).toMatchObject({
      refusal: { _tag: "InsufficientScope", missing: [{ scope: "treasure:edit", on: "token" }] },
    })
  })

  it("accepts a JWT of a token revoked meanwhile until it expires, and the tolerance is over, but no longer", () =>
    withClock(async (pass) => {
      const { tokens, issue, exchanged, verifier } = await openExchange()
      const { plaintext, token } = await issue()
      const jwt = await exchanged(plaintext)
      await tokens.revoke({ id: token.id, ownedBy: "user-1" })
      await expect(exchanged(plaintext)).rejects.toThrow("not accepted")
      pass(304)
      expect(await verifier.verify(jwt)).toMatchObject({ accepted: true })
      pass(1)
      expect(await verifier.verify(jwt)).toEqual({
        accepted: false,
        refusal: { _tag: "Expired", tokenId: token.id, on: "token" },
      })
    }))

  it("refuses a JWT that claims a longer life than five minutes", async () => {
    const { keys, verifier } = await openExchange()
    const now = Math.floor(Date.now() / 1000)
    expect(await verifier.verify(await keys.sign(claims({ iat: now - 400, exp: now + 3600 })))).toMatchObject({
      accepted: false,
    })
  })

  it("a caller of a JWT mints nothing and manages nothing", async () => {
    const { tokens, issue, exchanged, verifier } = await openExchange()
    const { plaintext, token } = await issue()
    const verification = await verifier.verify(await exchanged(plaintext))
    if (!verification.accepted) throw new Error("The JWT is refused")
    const { caller } = verification
    const secretNotActive = { _tag: "SecretNotActive" }
    await expect(tokens.issue({ ownedBy: "user-1", name: "x", scopes: [], caller })).rejects.toMatchObject(
      secretNotActive,
    )
    await expect(tokens.rotate({ id: token.id, ownedBy: "user-1", caller })).rejects.toMatchObject(secretNotActive)
    expect(await tokens.list({ ownedBy: "user-1" })).toMatchObject({
      items: [{ id: token.id, revision: token.revision }],
    })
  })

  it.each<[what: string, forge: (world: Awaited<ReturnType<typeof openExchange>>) => Promise<string>]>([
    ["of another issuer", ({ keys }) => keys.sign(claims({ iss: "https://evil.example.test" }))],
    ["for another service", ({ keys }) => keys.sign(claims({ aud: "https://other.example.test" }))],
    ["without a client", ({ keys }) => keys.sign(claims({ client_id: undefined }))],
    ["without a token", ({ keys }) => keys.sign(claims({ token_id: undefined }))],
    ["without an expiry", ({ keys }) => keys.sign(claims({ exp: undefined }))],
    ["from the future", ({ keys }) => keys.sign(claims({ iat: Math.floor(Date.now() / 1000) + 60 }))],
    ["not valid yet", ({ keys }) => keys.sign(claims({ nbf: Math.floor(Date.now() / 1000) + 60 }))],
    ["signed by a key that isn't published", async () => (await otherKeys()).sign(claims())],
    ["signed by another key under a published name", ({ keys }) => signedAs(keys.document.keys[0]?.kid)],
    ["of another type", ({ keys }) => withHeader(keys, { typ: "JWT" })],
    ["without a signature", async () => new UnsecuredJWT(claims()).encode()],
    ["signed with HMAC and the public key", ({ keys }) => signedWithPublicKey(keys)],
    ["cut short", async ({ keys }) => (await keys.sign(claims())).slice(0, -8)],
    ["longer than any", async ({ keys }) => keys.sign(claims({ scope: "a".repeat(5000) }))],
    ["no JWT at all", async () => "abc"],
  ])("refuses a JWT %s, with 401", async (_what, forge) => {
    const world = await openExchange()
    const jwt = await forge(world)
    expect(await world.verifier.verify(jwt)).toMatchObject({ accepted: false })
    expect((await statusWith(world.verifier, jwt)).status).toBe(401)
  })

  it("refuses what isn't a string", async () => {
    const { verifier } = await openExchange()
    for (const value of [undefined, null, 1, {}])
      expect(await verifier.verify(value)).toMatchObject({ accepted: false })
  })

  it("fails for a required scope that its catalogue doesn't declare, and names it", async () => {
    const { issue, exchanged, verifier } = await openExchange()
    const jwt = await exchanged((await issue()).plaintext)
    await expect(verifier.verify(jwt, { scopes: ["treasure:raed"] as never })).rejects.toThrow(
      "did you mean treasure:read?",
    )
  })
})

describe("the issuer's keys", () => {
  it("are fetched once for many JWTs", async () => {
    const { keys, issue, exchanged } = await openExchange()
    const { url, count } = await serving(() => jwksOf(keys))
    const verifier = JwtVerifier.make({ issuer, audience, jwks: url, catalogue })
    const jwt = await exchanged((await issue()).plaintext)
    for (let times = 0; times < 3; times++) expect(await verifier.verify(jwt)).toMatchObject({ accepted: true })
    expect(count()).toBe(1)
  })

  it("that can't be fetched are an outage, 503, and not a refusal", async () => {
    const { issue, exchanged } = await openExchange()
    const jwt = await exchanged((await issue()).plaintext)
    const { url } = await serving(() => undefined)
    const verifier = JwtVerifier.make({ issuer, audience, jwks: url, catalogue })
    await expect(verifier.verify(jwt)).rejects.toMatchObject({ _tag: "RepositoryUnavailable", operation: "jwks" })
    expect((await statusWith(verifier, jwt)).status).toBe(503)
  })

  it("rotate without a moment in which a JWT is refused", async () => {
    const [last, next] = [await SigningKeys.generate(), await SigningKeys.generate("ES256")]
    const before = await SigningKeys.make({ signing: last, alsoPublish: [next] })
    const after = await SigningKeys.make({ signing: next, alsoPublish: [last] })
    const jwts = [await before.sign(claims()), await after.sign(claims())]
    for (const keys of [before, after]) {
      const verifier = JwtVerifier.make({ issuer, audience, jwks: jwksOf(keys), catalogue })
      for (const jwt of jwts) expect(await verifier.verify(jwt)).toMatchObject({ accepted: true })
    }
    const removed = JwtVerifier.make({
      issuer,
      audience,
      jwks: jwksOf(await SigningKeys.make({ signing: next })),
      catalogue,
    })
    expect(await removed.verify(jwts[0])).toEqual({ accepted: false, refusal: { _tag: "Unknown" } })
  })
})

/** The claims of a good JWT, with these changes. */
const claims = (changes: Record<string, unknown> = {}): JWTPayload => {
  const now = Math.floor(Date.now() / 1000)
  const good = { iss: issuer, sub: "user-1", aud: audience, iat: now, exp: now + 300, jti: "1", client_id: "c" }
  const all = { ...good, token_id: "0199", scope: "treasure:read", ...changes }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

const otherKeys = async () => SigningKeys.make({ signing: await SigningKeys.generate() })

const signedAs = async (kid: string | undefined) => {
  const signing = { ...(await SigningKeys.generate()), kid: String(kid) }
  return (await SigningKeys.make({ signing })).sign(claims())
}

/** The same signature with another header would not verify, so this signs anew with the key's own algorithm. */
const withHeader = async (keys: SigningKeys, header: object) => {
  const jwt = await keys.sign(claims())
  const [, payload, signature] = jwt.split(".")
  const [first = ""] = jwt.split(".")
  const changed = { ...JSON.parse(Buffer.from(first, "base64url").toString()), ...header }
  return `${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${payload}.${signature}`
}

const signedWithPublicKey = async ({ document }: SigningKeys) => {
  const [jwk] = document.keys as [JWK]
  const secret = Buffer.from(String(jwk.x), "base64url")
  return new SignJWT(claims()).setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: String(jwk.kid) }).sign(secret)
}

/** A server that answers with this document, or with 500. */
const serving = async (document: () => unknown) => {
  let count = 0
  const server = createServer((_request, response) => {
    count++
    const value = document()
    response.statusCode = value === undefined ? 500 : 200
    response.end(JSON.stringify(value))
  }).listen(0, "127.0.0.1")
  onTestFinished(() => void server.close())
  await once(server, "listening")
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), count: () => count }
}
