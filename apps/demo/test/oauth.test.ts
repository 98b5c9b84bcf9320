/** Introspection (RFC 7662), revocation (RFC 7009) and resource metadata (RFC 9728), over sockets and with other clients. */
import * as oauth from "oauth4webapi"
import * as openid from "openid-client"
import { makePlaintext, SecureRandom } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { tokenFormat } from "../src/scopes.ts"
import { Client } from "./Client.ts"
import { demoOn, stores } from "./demos.ts"

const formType = "application/x-www-form-urlencoded"
const insecure = { [oauth.allowInsecureRequests]: true } as const

/** A token that was never issued. */
const unknown = () =>
  Effect.runSync(
    SecureRandom.use((random) => Effect.sync(() => makePlaintext(tokenFormat, random))).pipe(
      Effect.provide(NodeCrypto.layer),
    ),
  )

describe.each(stores)("on %s", (_, location) => {
  let demo: Demo
  let owner: Client
  let other: Client
  let admin: Client

  beforeAll(async () => {
    demo = await demoOn(await location())
    owner = await Client.signedIn(demo.publicUrl, "owner")
    other = await Client.signedIn(demo.publicUrl, "other")
    admin = await Client.signedIn(demo.publicUrl, "admin")
  })
  afterAll(() => demo.stop())

  const ask = (path: string, token: string, caller?: string) =>
    (caller === undefined ? new Client(demo.publicUrl) : owner.withToken(caller)).send(
      "POST",
      path,
      new URLSearchParams({ token }).toString(),
      formType,
    )
  const introspect = (token: string, caller: string) => ask("/oauth/introspect", token, caller)
  const revoke = (token: string) => ask("/oauth/revoke", token)

  /** Status, headers and body, but for the hour and the connection. */
  const bytesOf = ({ status, headers, body }: Awaited<ReturnType<typeof ask>>) =>
    JSON.stringify([status, [...headers].filter(([name]) => !/^(date|ratelimit.*)$/.test(name)), body])

  /** A token of each kind that is not accepted. */
  const deadTokens = async () => {
    const { plaintext: revoked, token } = await owner.issue()
    await owner.delete(`/api/tokens/${token.id}`)
    const { plaintext: retired, token: rotated } = await owner.issue()
    await owner.post(`/api/tokens/${rotated.id}/rotate`, { graceFor: "0 minutes" })
    const { plaintext: parent, token: ancestor } = await owner.issue({ scopes: ["token:manage"] })
    const { plaintext: orphan } = await owner.withToken(parent).issue({ scopes: [] })
    await owner.delete(`/api/tokens/${ancestor.id}`)
    const { ownedBy } = (await owner.get(`/api/tokens/${rotated.id}`)).body
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 86_400_000 })
    const { plaintext: expired } = await demo.tokens
      .issue({ ownedBy, name: "expired", scopes: [], expiresIn: "1 hour" })
      .finally(() => vi.useRealTimers())
    return { unknown: unknown(), retired, revoked, orphan, expired }
  }

  /** A token of an account that is deactivated while `during` runs. */
  const whileInactive = async (during: (plaintext: string) => Promise<void>) => {
    const { plaintext } = await other.issue()
    const { id } = (await other.get("/api/me")).body.owner
    await admin.patch(`/api/users/${id}`, { active: false })
    try {
      await during(plaintext)
    } finally {
      await admin.patch(`/api/users/${id}`, { active: true })
      other = await Client.signedIn(demo.publicUrl, "other")
    }
    return plaintext
  }

  describe("introspection", () => {
    it("describes the owner's own token, uncached (RFC 7662 §2.2)", async () => {
      const { plaintext: caller } = await owner.issue({ scopes: [] })
      const { plaintext, token } = await owner.issue({ scopes: ["treasure:edit"], expiresIn: "30 days" })
      const { status, headers, body } = await introspect(plaintext, caller)
      expect([status, headers.get("Cache-Control"), headers.get("Content-Type")]).toEqual([
        200,
        "no-store",
        "application/json",
      ])
      expect(body).toEqual({
        active: true,
        scope: "treasure:edit treasure:read",
        token_type: "Bearer",
        exp: expect.any(Number),
        iat: expect.any(Number),
        sub: (await owner.get("/api/me")).body.owner.id,
        jti: token.id,
      })
      expect(body.exp - body.iat).toBe(30 * 24 * 60 * 60)
      expect((await owner.get(`/api/tokens/${token.id}`)).body.lastUsedAt).toBe(null)
    })

    it("describes another owner's token only for token:introspect (RFC 7662 §4)", async () => {
      const { plaintext: caller } = await owner.issue()
      const { plaintext: monitoring } = await admin.issue({ scopes: ["token:introspect"] })
      const { plaintext, token } = await other.issue()
      expect((await introspect(plaintext, caller)).body).toEqual({ active: false })
      expect((await introspect(plaintext, monitoring)).body).toMatchObject({ active: true, jti: token.id })
    })

    it("gives the same response for every token that isn't accepted, byte for byte (RFC 7662 §2.2)", async () => {
      const { plaintext: caller } = await owner.issue()
      const { plaintext: monitoring } = await admin.issue({ scopes: ["token:introspect"] })
      const { plaintext: foreign } = await other.issue()
      const dead = await deadTokens()
      await whileInactive(async (inactive) => {
        const byAdmin = [...Object.values(dead), inactive, "rubbish"].map((token) => introspect(token, monitoring))
        const byOwner = [...Object.values(dead), inactive, "rubbish", foreign].map((token) => introspect(token, caller))
        const answers = await Promise.all([...byAdmin, ...byOwner])
        expect(new Set(answers.map(bytesOf)).size).toBe(1)
        expect(answers[0]?.body).toEqual({ active: false })
      })
    })

    it("requires the caller's own token, and takes no session instead (RFC 7662 §2.1)", async () => {
      const { plaintext } = await owner.issue()
      const { revoked } = await deadTokens()
      const body = `token=${plaintext}`
      const answers = [
        await owner.send("POST", "/oauth/introspect", body, formType),
        await introspect(plaintext, revoked),
      ]
      expect(answers.map(({ status, body }) => [status, body.error])).toEqual([
        [401, "invalid_client"],
        [401, "invalid_token"],
      ])
      for (const { headers } of answers) expect(headers.get("WWW-Authenticate")).toContain('Bearer realm="treasures"')
    })
  })

  describe("revocation", () => {
    it("revokes a token at once (RFC 7009 §2.1), and responds the same again", async () => {
      const { plaintext, token } = await owner.issue()
      expect((await owner.withToken(plaintext).get("/api/treasures")).status).toBe(200)
      const first = await revoke(plaintext)
      expect([first.status, first.body, first.headers.get("Cache-Control")]).toEqual([200, "", "no-store"])
      expect((await owner.withToken(plaintext).get("/api/treasures")).status).toBe(401)
      expect(bytesOf(await revoke(plaintext))).toBe(bytesOf(first))
      const { history, revocationReason } = (await owner.get(`/api/tokens/${token.id}`)).body
      expect(revocationReason).toBe("revoked by its holder")
      expect(history.at(-1)).toMatchObject({ actor: { kind: "token", id: token.id }, origin: { address: "127.0.0.1" } })
    })

    it("responds to dead tokens and rubbish as to live ones (RFC 7009 §2.2)", async () => {
      const { plaintext } = await owner.issue()
      const dead = await deadTokens()
      const answers = await Promise.all([plaintext, ...Object.values(dead), "rubbish", "tcp_"].map(revoke))
      expect(new Set(answers.map(bytesOf)).size).toBe(1)
      expect(answers[0]?.status).toBe(200)
    })

    it("revokes a deactivated owner's token for good", async () => {
      const plaintext = await whileInactive(async (token) => {
        expect((await revoke(token)).status).toBe(200)
      })
      expect((await other.withToken(plaintext).get("/api/me")).status).toBe(401)
    })

    it.each([
      ["no token", "", formType],
      ["two tokens", "token=a&token=b", formType],
      ["JSON", '{"token":"a"}', "application/json"],
    ])("answers %s with 400 in OAuth's format (RFC 6749 §5.2)", async (_what, body, type) => {
      const answer = await owner.send("POST", "/oauth/revoke", body, type)
      expect(answer).toMatchObject({ status: 400, body: { error: "invalid_request" } })
    })
  })

  it.each([
    ["/oauth/introspect", "POST"],
    ["/oauth/revoke", "POST"],
    ["/.well-known/oauth-protected-resource", "GET, HEAD"],
  ])("%s has other methods answered with 405 and Allow (RFC 9110 §15.5.6)", async (path, allow) => {
    const { status, headers } = await owner.send("PATCH", path, "")
    expect([status, headers.get("Allow")]).toEqual([405, allow])
  })

  describe("with oauth4webapi", () => {
    const server = () => ({
      issuer: demo.publicUrl,
      introspection_endpoint: `${demo.publicUrl}/oauth/introspect`,
      revocation_endpoint: `${demo.publicUrl}/oauth/revoke`,
    })
    const client = { client_id: "chart-plotter" }
    const bearing =
      (token: string): oauth.ClientAuth =>
      (_as, _client, _body, headers) =>
        headers.set("Authorization", `Bearer ${token}`)

    it("a token is introspected, revoked, and inactive then", async () => {
      const { plaintext: caller } = await owner.issue()
      const { plaintext, token } = await owner.issue()
      const introspected = async () =>
        oauth.processIntrospectionResponse(
          server(),
          client,
          await oauth.introspectionRequest(server(), client, bearing(caller), plaintext, insecure),
        )
      expect(await introspected()).toMatchObject({ active: true, scope: "treasure:read", jti: token.id })
      const response = await oauth.revocationRequest(server(), client, oauth.None(), plaintext, insecure)
      expect(await oauth.processRevocationResponse(response)).toBeUndefined()
      expect(await introspected()).toEqual({ active: false })
    })

    it("the challenge leads to the metadata, which are the resource's (RFC 9728 §5)", async () => {
      const url = new URL("/api/treasures", demo.publicUrl)
      const refused: unknown = await oauth
        .protectedResourceRequest(unknown(), "GET", url, undefined, undefined, insecure)
        .catch((error: unknown) => error)
      if (!(refused instanceof oauth.WWWAuthenticateChallengeError)) throw new Error("There was no challenge")
      const [challenge] = refused.cause
      expect(challenge).toMatchObject({
        scheme: "bearer",
        parameters: { realm: "treasures", error: "invalid_token" },
      })
      const metadataUrl = challenge?.parameters.resource_metadata ?? ""
      const resource = new URL(demo.publicUrl)
      const metadata = await oauth.processResourceDiscoveryResponse(resource, await fetch(metadataUrl))
      expect(metadata).toEqual({
        resource: demo.publicUrl,
        authorization_servers: [demo.publicUrl],
        scopes_supported: expect.arrayContaining(["treasure:read", "token:introspect"]),
        bearer_methods_supported: ["header"],
        dpop_signing_alg_values_supported: ["ES256", "Ed25519", "EdDSA"],
        resource_name: "Treasures",
      })
      const discovered = await oauth.resourceDiscoveryRequest(resource, insecure)
      expect(await oauth.processResourceDiscoveryResponse(resource, discovered)).toEqual(metadata)
    })

    it("a refused caller gets a challenge that it understands (RFC 7662 §2.3)", async () => {
      const response = oauth
        .introspectionRequest(server(), client, bearing(unknown()), "token", insecure)
        .then((response) => oauth.processIntrospectionResponse(server(), client, response))
      await expect(response).rejects.toMatchObject({
        status: 401,
        cause: [{ scheme: "bearer", parameters: { error: "invalid_token" } }, { scheme: "dpop" }],
      })
    })
  })

  describe("with openid-client", () => {
    const configured = (token?: string) => {
      const metadata = {
        issuer: demo.publicUrl,
        introspection_endpoint: `${demo.publicUrl}/oauth/introspect`,
        revocation_endpoint: `${demo.publicUrl}/oauth/revoke`,
      }
      const authenticate: openid.ClientAuth =
        token === undefined
          ? openid.None()
          : (_as, _client, _body, headers) => headers.set("Authorization", `Bearer ${token}`)
      const configuration = new openid.Configuration(metadata, "chart-plotter", undefined, authenticate)
      openid.allowInsecureRequests(configuration)
      return configuration
    }

    it("a token is introspected, revoked, and refused then", async () => {
      const { plaintext: caller } = await owner.issue()
      const { plaintext, token } = await owner.issue()
      const hint = { token_type_hint: "access_token" }
      const introspected = () => openid.tokenIntrospection(configured(caller), plaintext, hint)
      const fetched = () =>
        openid.fetchProtectedResource(configured(), plaintext, new URL("/api/treasures", demo.publicUrl), "GET")
      expect(await introspected()).toMatchObject({ active: true, jti: token.id })
      expect((await fetched()).status).toBe(200)
      await openid.tokenRevocation(configured(), plaintext, hint)
      expect(await introspected()).toEqual({ active: false })
      await expect(fetched()).rejects.toMatchObject({ status: 401 })
    })
  })
})
