/** Tokens bound to an app's key (DPoP), with foreign clients: oauth4webapi and openid-client. */
import { tokenExchangeGrant } from "@tokenry/jwt"
import * as oauth from "oauth4webapi"
import * as openid from "openid-client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { Client } from "../Client.ts"
import { allStores, demoOn, local } from "../demos.ts"
import { App, Person, redirectUri } from "./App.ts"

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

const aKey = async () => oauth.DPoP({}, await oauth.generateKeyPair("ES256"))

/** The error of the challenge for DPoP. */
const challenged = (error: string) => ({
  status: 401,
  cause: [expect.objectContaining({ scheme: "dpop", parameters: expect.objectContaining({ error }) })],
})

describe.each(allStores)("%s", (_name, location) => {
  let demo: Demo
  let owner: Client
  let person: Person
  let app: App
  let proofs: oauth.DPoPHandle

  beforeAll(async () => {
    demo = await demoOn(await location())
    owner = await Client.signedIn(demo.publicUrl, "owner")
    person = await Person.signedIn(demo.publicUrl, "owner")
    proofs = await aKey()
    app = (await App.registered(demo.publicUrl)).proving(proofs)
  })
  afterAll(() => demo.stop())

  const letIn = async (scope = "treasure:read treasure:create token:manage") =>
    app.redeem(await app.letInBy(person, { scope }))

  it("an app with a key gets a bound token, uses it, and refreshes it with the same key", async () => {
    const granted = await letIn()
    expect(granted.token_type).toBe("dpop")
    expect((await app.call(granted.access_token, "/api/treasures?limit=2")).status).toBe(200)
    const treasure = JSON.stringify({ name: "a map", value: 7 })
    expect((await app.call(granted.access_token, "/api/treasures", "POST", treasure)).status).toBe(201)
    const refreshed = await app.refresh(granted.refresh_token ?? "")
    expect(refreshed.token_type).toBe("dpop")
    expect((await app.call(refreshed.access_token, "/api/treasures")).status).toBe(200)
  })

  it("openid-client does the same", async () => {
    const { server, client } = app
    const config = new openid.Configuration(server, client.client_id, undefined, openid.None())
    openid.allowInsecureRequests(config)
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"))
    const { path, verifier, state } = await app.authorizationUrl()
    const at = await person.decides(await person.opens(path), "allow")
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    const granted = await openid.authorizationCodeGrant(config, at, checks, undefined, { DPoP })
    const refreshed = await openid.refreshTokenGrant(config, granted.refresh_token ?? "", undefined, { DPoP })
    expect(refreshed.token_type).toBe("dpop")
    const url = new URL("/api/treasures", demo.publicUrl)
    const response = await openid.fetchProtectedResource(config, refreshed.access_token, url, "GET", null, undefined, {
      DPoP,
    })
    expect(response.status).toBe(200)
    expect(redirectUri).toBe(at.origin + at.pathname)
  })

  it("a stolen token is refused without a proof, with another key, and at the token endpoint", async () => {
    const { access_token: token, refresh_token: refreshToken = "" } = await letIn()
    expect((await owner.withToken(token).get("/api/treasures")).headers.get("WWW-Authenticate")).toMatch(
      /^Bearer .*error="invalid_token".*, DPoP .*algs="ES256 Ed25519 EdDSA"$/,
    )
    const thief = app.proving(await aKey())
    await expect(thief.call(token, "/api/treasures")).rejects.toMatchObject(challenged("invalid_token"))
    for (const client of [thief, app.proving(undefined)]) {
      await expect(client.refresh(refreshToken)).rejects.toMatchObject({ error: "invalid_grant" })
    }
    expect((await app.refresh(refreshToken)).token_type).toBe("dpop")
  })

  it("a captured request can't be replayed, or turned into another one", async () => {
    const { access_token: token } = await letIn()
    let captured: Headers | undefined
    const url = new URL("/api/treasures", demo.publicUrl)
    await oauth.protectedResourceRequest(token, "GET", url, undefined, undefined, {
      DPoP: proofs,
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: async (to, { headers }) => {
        captured = new Headers(headers)
        return fetch(to, { headers: captured })
      },
    })
    const again = async (to: string, method = "GET") => {
      const response = await fetch(new URL(to, url), { method, headers: captured ?? {} })
      return [response.status, /error="(\w+)"/.exec(response.headers.get("WWW-Authenticate") ?? "")?.[1]]
    }
    for (const [to, method] of [["/api/treasures"], ["/api/me"], ["/api/treasures", "POST"]] as const) {
      expect(await again(to, method)).toEqual([401, "invalid_dpop_proof"])
    }
  })

  it("a bound token's page, the API and introspection show its key", async () => {
    const { access_token: token } = await letIn()
    const jkt = await proofs.calculateThumbprint()
    const { token: mine } = (await (await app.call(token, "/api/me")).json()) as { token: { id: string } }
    expect((await owner.get(`/api/tokens/${mine.id}`)).body.boundTo).toBe(jkt)
    expect((await person.opens(`/settings/tokens/${mine.id}`)).html).toContain(jkt)
    const { plaintext } = (await owner.post("/api/tokens", { name: "asks", scopes: [] })).body
    const form = new URLSearchParams({ token }).toString()
    const asked = await owner
      .withToken(plaintext)
      .send("POST", "/oauth/introspect", form, "application/x-www-form-urlencoded")
    expect(asked.body).toMatchObject({ active: true, token_type: "DPoP", cnf: { jkt } })
  })

  it("the exchange for a JWT needs the key too, and binds the JWT to it", async () => {
    const { access_token: token } = await letIn()
    const exchange = async (DPoP?: oauth.DPoPHandle) => {
      const form = { subject_token: token, subject_token_type: accessTokenType, audience: local.audiences[0] }
      const options = { [oauth.allowInsecureRequests]: true, ...(DPoP && { DPoP }) }
      const { server, client } = app
      const none = oauth.None()
      const response = await oauth.genericTokenEndpointRequest(server, client, none, tokenExchangeGrant, form, options)
      return oauth.processGenericTokenEndpointResponse(server, client, response)
    }
    await expect(exchange()).rejects.toMatchObject({ error: "invalid_request" })
    await expect(exchange(await aKey())).rejects.toMatchObject({ error: "invalid_request" })
    expect((await exchange(proofs)).token_type).toBe("dpop")
  })

  it("a first-key token from the API is bound at its first use, and mints tokens bound to the same key", async () => {
    const scopes = ["treasure:read", "token:manage"]
    const { plaintext, token } = (await owner.post("/api/tokens", { name: "first", scopes, boundTo: "first-key" })).body
    expect(token.boundTo).toBe("first-key")
    expect((await person.opens(`/settings/tokens/${token.id}`)).html).toContain("The key of the first app that uses it")
    expect((await owner.withToken(plaintext).get("/api/treasures")).status).toBe(401)
    const keys = [proofs, await aKey()]
    const answers = await Promise.all(
      keys.map(async (key) =>
        app
          .proving(key)
          .call(plaintext, "/api/treasures")
          .catch((error: unknown) => error),
      ),
    )
    expect(answers.filter((answer) => answer instanceof Response)).toHaveLength(1)
    const winner = app.proving(keys[answers.findIndex((answer) => answer instanceof Response)])
    const minted = await winner.call(plaintext, "/api/tokens", "POST", JSON.stringify({ name: "job", scopes: [] }))
    const { token: child } = (await minted.json()) as { token: { boundTo: string } }
    const { body: bound } = await owner.get(`/api/tokens/${token.id}`)
    expect(child.boundTo).toBe(bound.boundTo)
    expect(bound.history.map(({ kind }: { kind: string }) => kind)).toEqual(["issued", "bound"])
  })
})

it("the resource's and the server's metadata name the algorithms for proofs", async () => {
  const demo = await demoOn({ kind: "memory" })
  for (const path of ["/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server"]) {
    const { body } = await new Client(demo.publicUrl).get(path)
    expect(body.dpop_signing_alg_values_supported).toEqual(["ES256", "Ed25519", "EdDSA"])
  }
  await demo.stop()
})
