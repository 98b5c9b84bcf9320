/** JWTs bound to a client's key: oauth4webapi at the exchange, and at a service that has only the verifier. */
import { describe, expect, it } from "@effect/vitest"
import { Dpop } from "@tokenry/dpop"
import { bearer, oauthEndpoint } from "@tokenry/fetch"
import { JwtVerifier, SigningKeys, tokenExchangeGrant } from "@tokenry/jwt"
import { decodeJwt, type JWTPayload } from "jose"
import * as oauth from "oauth4webapi"
import { accessTokenType, audience, catalogue, issuer, jwksOf, openExchange } from "./exchanging.ts"

const aKey = async () => oauth.DPoP({}, await oauth.generateKeyPair("ES256"))

const openServer = async (options: Partial<Parameters<typeof Dpop.make>[0]> = {}) => {
  const world = await openExchange({ dpop: Dpop.make({ baseUrl: issuer, ...options }) })
  const exchanging = oauthEndpoint(world.exchange)
  const server = { issuer, token_endpoint: `${issuer}/oauth/token` }
  const client = { client_id: "any" }
  const exchanged = async (subjectToken: string, DPoP?: oauth.DPoPHandle) => {
    const form = { subject_token: subjectToken, subject_token_type: accessTokenType, audience }
    const options = {
      [oauth.customFetch]: async (url: string, init: object) => exchanging(new Request(url, init)),
      ...(DPoP && { DPoP }),
    }
    const none = oauth.None()
    const response = await oauth.genericTokenEndpointRequest(server, client, none, tokenExchangeGrant, form, options)
    return oauth.processGenericTokenEndpointResponse(server, client, response)
  }
  const guard = bearer({ tokens: world.verifier, realm: "reports", dpop: Dpop.make({ baseUrl: audience }) })
  const report = guard.requireScopes("treasure:read")(() => new Response("ok"))
  const call = async (jwt: string, DPoP: oauth.DPoPHandle) => {
    const options = { DPoP, [oauth.customFetch]: async (url: string, init: object) => report(new Request(url, init)) }
    const url = new URL(`${audience}/today`)
    return oauth.protectedResourceRequest(jwt, "GET", url, undefined, undefined, options).then(
      ({ status }) => status,
      ({ status }: { status: number }) => status,
    )
  }
  const bare = async (jwt: string) =>
    (await report(new Request(`${audience}/today`, { headers: { Authorization: `Bearer ${jwt}` } }))).status
  return { ...world, exchanged, call, bare }
}

const refused = { error: "invalid_request", status: 400 }

describe("an exchange with a proof", () => {
  it.each([true, false])("gives a JWT bound to the key, from a bound token: %s", async (isBound) => {
    const { issue, exchanged, call, bare, tokens } = await openServer()
    const key = await aKey()
    const boundTo = await key.calculateThumbprint()
    const { plaintext, token } = await issue(isBound ? { boundTo } : {})
    const { access_token: jwt, token_type: type } = await exchanged(plaintext, key)
    expect([type, decodeJwt(jwt)["cnf"]]).toEqual(["dpop", { jkt: boundTo }])
    expect([await call(jwt, key), await call(jwt, await aKey()), await bare(jwt)]).toEqual([200, 401, 401])
    expect((await tokens.find({ id: token.id, ownedBy: "user-1" })).boundTo).toBe(isBound ? boundTo : null)
  })

  it("is needed for a bound token, and its proof must be signed by that key", async () => {
    const { issue, exchanged } = await openServer()
    const key = await aKey()
    const { plaintext } = await issue({ boundTo: await key.calculateThumbprint() })
    for (const wrong of [undefined, await aKey()]) {
      await expect(exchanged(plaintext, wrong)).rejects.toMatchObject(refused)
    }
    await expect(exchanged("unknown", key)).rejects.toMatchObject(refused)
    const without = await openExchange()
    const { plaintext: bound } = await without.issue({ boundTo: await key.calculateThumbprint() })
    expect(await without.ask(bound)).toMatchObject({ status: 400 })
  })

  it("with a wrong or used proof, or without a required nonce, gets an error in OAuth's format (RFC 9449 §5, §8)", async () => {
    const { exchange, issue } = await openServer()
    const { plaintext } = await issue()
    const key = await aKey()
    let proof = ""
    const form = { subject_token: plaintext, subject_token_type: accessTokenType, audience }
    const remember = async (_url: string, { headers }: { headers: HeadersInit }) => {
      proof = new Headers(headers).get("DPoP") ?? ""
      return new Response()
    }
    const server = { issuer, token_endpoint: `${issuer}/oauth/token` }
    const options = { DPoP: key, [oauth.customFetch]: remember as never }
    await oauth.genericTokenEndpointRequest(server, { client_id: "a" }, oauth.None(), tokenExchangeGrant, form, options)
    const ask = async (proofs: ReadonlyArray<string>, at = exchange) => {
      const body = new URLSearchParams({ grant_type: tokenExchangeGrant, ...form })
      const response = await oauthEndpoint(at)(
        new Request(server.token_endpoint, {
          method: "POST",
          body,
          headers: proofs.map((each) => ["DPoP", each]) as never,
        }),
      )
      const { error } = (await response.json()) as { error?: string }
      return [response.status, error, response.headers.has("DPoP-Nonce")]
    }
    expect(await ask(["nonsense"])).toEqual([400, "invalid_dpop_proof", false])
    expect(await ask([proof, proof])).toEqual([400, "invalid_dpop_proof", false])
    expect(await ask([proof])).toEqual([200, undefined, false])
    expect(await ask([proof])).toEqual([400, "invalid_dpop_proof", false])
    const strict = await openServer({ nonceSecret: new Uint8Array(32) })
    expect(await ask([proof], strict.exchange)).toEqual([400, "use_dpop_nonce", true])
  })

  it("succeeds when retried with the nonce from the response", async () => {
    const { issue, exchanged } = await openServer({ nonceSecret: new Uint8Array(32) })
    const key = await aKey()
    const { plaintext } = await issue()
    await expect(exchanged(plaintext, key)).rejects.toSatisfy(oauth.isDPoPNonceError)
    expect((await exchanged(plaintext, key)).token_type).toBe("dpop")
  })
})

it.each<[what: string, cnf: unknown]>([
  ["a certificate", { "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }],
  ["a key and a certificate", { jkt: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "x5t#S256": "a" }],
  ["no thumbprint", { jkt: "short" }],
  ["nothing", {}],
  ["null", null],
  ["a list", []],
])("a JWT confirmed by %s is refused, whatever was proven (RFC 7800 §3.1)", async (_what, cnf) => {
  const keys = await SigningKeys.make({ signing: await SigningKeys.generate() })
  const verifier = JwtVerifier.make({ issuer, audience, jwks: jwksOf(keys), catalogue })
  const at = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: audience, sub: "user-1", client_id: "a", jti: "1", token_id: "a", scope: "" }
  const sign = (more: JWTPayload) => keys.sign({ ...claims, iat: at, exp: at + 60, ...more })
  expect(await verifier.verify(await sign({}))).toMatchObject({ accepted: true, caller: { boundTo: null } })
  for (const provenKey of [undefined, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]) {
    expect(await verifier.verify(await sign({ cnf }), { scopes: [], provenKey })).toMatchObject({ accepted: false })
  }
})
