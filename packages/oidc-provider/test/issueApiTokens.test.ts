import { TokenPolicy } from "@tokenry/core"
import { endGrant, issueApiTokens, tokenOfGrant } from "@tokenry/oidc-provider"
import * as oauth from "oauth4webapi"
import { describe, expect, it } from "vitest"
import { aServer, authorize, insecure, redeem, redirectUri, refresh } from "./server.ts"

const invalidGrant = { error: "invalid_grant" }

describe("an access token", () => {
  it("is an API token of the account, issued to the client, with the granted scopes", async () => {
    const server = await aServer()
    const granted = await redeem(server, await authorize(server))
    const verified = await server.tokens.verify(granted.access_token, { scopes: ["treasure:read"] })
    expect(verified).toMatchObject({ accepted: true, caller: { ownedBy: "ann", scopes: ["treasure:read"] } })
    const { items } = await server.tokens.list({ ownedBy: "ann" })
    expect(items).toEqual([expect.objectContaining({ issuedTo: "app", name: "app" })])
  })

  it("is never written by the adapter", async () => {
    const server = await aServer()
    const first = await redeem(server, await authorize(server))
    const second = await refresh(server, first.refresh_token)
    for (const { access_token: plaintext } of [first, second]) {
      expect(server.written.length).toBeGreaterThan(0)
      expect(server.written.filter((line) => line.includes(plaintext))).toEqual([])
    }
  })

  it("doesn't outlive its grant, whatever the policy allows", async () => {
    const policy = TokenPolicy.make({ defaultLifetime: null, longestLifetime: null, allowsNeverExpiring: true })
    const server = await aServer({}, policy)
    const granted = await redeem(server, await authorize(server))
    expect(granted.expires_in).toBeLessThanOrEqual(30 * 86_400)
    expect(granted.expires_in).toBeGreaterThan(29 * 86_400)
  })

  it("ends with its grant, and so does its refresh token", async () => {
    const server = await aServer()
    const granted = await redeem(server, await authorize(server))
    const { grantId = "" } = (await server.provider.RefreshToken.find(granted.refresh_token ?? "")) ?? {}
    expect(await tokenOfGrant(server.provider, grantId)).toMatchObject({ accountId: "ann", clientId: "app" })
    await endGrant(server.provider, grantId)
    await endGrant(server.provider, grantId)
    expect(await server.tokens.verify(granted.access_token)).toMatchObject({ accepted: false })
    await expect(refresh(server, granted.refresh_token)).rejects.toMatchObject(invalidGrant)
    expect(await tokenOfGrant(server.provider, grantId)).toBe(undefined)
  })
})

describe("a client that sends a DPoP proof", () => {
  const aKey = async () => oauth.DPoP({}, await oauth.generateKeyPair("ES256"))

  it.each(["app", "service"])("gets a token bound to its key, and again at each refresh: %s", async (clientId) => {
    const server = await aServer()
    const key = await aKey()
    const provenKey = await key.calculateThumbprint()
    const granted = await redeem(server, await authorize(server, clientId), key)
    expect(granted.token_type).toBe("dpop")
    const again = await refresh(server, granted.refresh_token, key, clientId)
    expect(again.token_type).toBe("dpop")
    for (const { access_token: plaintext } of [granted, again]) {
      expect(await server.tokens.verify(plaintext)).toMatchObject({ refusal: { _tag: "WrongKey" } })
      expect(await server.tokens.verify(plaintext, { scopes: [], provenKey })).toMatchObject({ accepted: true })
    }
  })

  it.each(["app", "service"])(
    "can't refresh without a proof or with another key, and then still can with its own: %s",
    async (clientId) => {
      const server = await aServer()
      const key = await aKey()
      const granted = await redeem(server, await authorize(server, clientId), key)
      for (const wrong of [undefined, await aKey()]) {
        await expect(refresh(server, granted.refresh_token, wrong, clientId)).rejects.toMatchObject(invalidGrant)
      }
      expect((await refresh(server, granted.refresh_token, key, clientId)).token_type).toBe("dpop")
    },
  )

  it("can't bind a bearer token later", async () => {
    const server = await aServer()
    const granted = await redeem(server, await authorize(server))
    await expect(refresh(server, granted.refresh_token, await aKey())).rejects.toMatchObject(invalidGrant)
    expect((await refresh(server, granted.refresh_token)).token_type).toBe("bearer")
  })

  it("learns the key from introspection (RFC 9449 §6.2)", async () => {
    const server = await aServer()
    const key = await aKey()
    const granted = await redeem(server, await authorize(server), key)
    const { authorizationServer: as } = server
    const answer = await oauth.introspectionRequest(
      as,
      { client_id: "app" },
      oauth.None(),
      granted.access_token,
      insecure,
    )
    expect(await answer.json()).toMatchObject({ token_type: "DPoP", cnf: { jkt: await key.calculateThumbprint() } })
  })
})

it.each([
  ["storing the new refresh token", 0],
  ["rotating the access token", 1],
  ["using up the old refresh token", 2],
])("a refresh whose store fails at %s can be repeated", async (_, writes) => {
  const server = await aServer()
  const { refresh_token: refreshToken } = await redeem(server, await authorize(server))
  server.outage.writesLeft = writes
  await expect(refresh(server, refreshToken)).rejects.toMatchObject({ cause: { status: 503 } })
  server.outage.writesLeft = 3
  const again = await refresh(server, refreshToken)
  expect(await server.tokens.verify(again.access_token)).toMatchObject({ accepted: true })
  server.outage.writesLeft = Infinity
  await expect(refresh(server, refreshToken)).rejects.toMatchObject(invalidGrant)
  expect(await server.tokens.verify(again.access_token)).toMatchObject({ accepted: false })
})

describe("of concurrent uses", () => {
  it("of a code, one succeeds, and its token works", async () => {
    const server = await aServer()
    const returned = await authorize(server)
    // Both find the code unused before either consumes it.
    const { AuthorizationCode } = server.provider
    const both = holdingUntil(2)
    // oxlint-disable-next-line typescript/unbound-method -- called with its own object
    const { consume } = AuthorizationCode.prototype
    AuthorizationCode.prototype.consume = async function () {
      await both()
      return consume.call(this)
    }
    const outcomes = await Promise.allSettled([redeem(server, returned), redeem(server, returned)])
    const [granted] = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"])
    expect(await server.tokens.verify(granted?.access_token)).toMatchObject({ accepted: true })
  })

  it("of a refresh token, none leaves access behind", async () => {
    const server = await aServer()
    const granted = await redeem(server, await authorize(server))
    const { RefreshToken } = server.provider
    const both = holdingUntil(2)
    // oxlint-disable-next-line typescript/unbound-method -- called with its own object
    const { consume } = RefreshToken.prototype
    RefreshToken.prototype.consume = async function () {
      await both()
      return consume.call(this)
    }
    const outcomes = await Promise.allSettled([
      refresh(server, granted.refresh_token),
      refresh(server, granted.refresh_token),
    ])
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") continue
      expect(await server.tokens.verify(outcome.value.access_token)).toMatchObject({ accepted: false })
    }
    expect(await server.tokens.verify(granted.access_token)).toMatchObject({ accepted: false })
  })
})

it("the metadata lists the catalogue's scopes, and nothing of OpenID Connect's endpoints", async () => {
  const { authorizationServer } = await aServer()
  expect(authorizationServer).toMatchObject({
    scopes_supported: ["treasure:read", "treasure:add"],
    code_challenge_methods_supported: ["S256"],
    response_types_supported: ["code"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    authorization_response_iss_parameter_supported: true,
  })
  expect(authorizationServer.userinfo_endpoint).toBe(undefined)
})

it("an app whose id is the address of its metadata needs no registration", async () => {
  const clientId = "https://app.example/oauth/client.json"
  const document = {
    client_id: clientId,
    client_name: "Chart plotter",
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: "none",
  }
  const server = await aServer({
    fetch: async (url) => new Response(String(url) === clientId ? JSON.stringify(document) : "", { status: 200 }),
    features: { clientIdMetadataDocument: { enabled: true, ack: "draft-02" } },
  })
  expect(server.authorizationServer["client_id_metadata_document_supported"]).toBe(true)
  await redeem(server, await authorize(server, clientId))
  const { items } = await server.tokens.list({ ownedBy: "ann" })
  expect(items).toEqual([expect.objectContaining({ issuedTo: clientId, name: "Chart plotter" })])
})

it("an app that registered with one scope can ask for another", async () => {
  const server = await aServer()
  const { authorizationServer } = server
  const asked = { redirect_uris: [redirectUri], token_endpoint_auth_method: "none", scope: "treasure:read" }
  const registered = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(authorizationServer, asked, insecure),
  )
  expect(registered["scope"]).toBe(undefined)
  const returned = await authorize(server, registered.client_id, "treasure:add")
  expect((await redeem(server, returned)).scope).toBe("treasure:add")
})

it("an unknown option is refused by its name", async () => {
  const { provider, tokens } = await aServer()
  expect(() => issueApiTokens(provider, { tokens, lifetime: "1 day" } as never)).toThrow(/lifetime/)
})

/** Lets nobody through until this many have come. */
const holdingUntil = (count: number) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let come = 0
  return () => {
    come++
    if (come === count) resolve()
    return promise
  }
}
