/** A foreign client and a foreign verifier, against handlers of `@tokenry/fetch`. */
import { expect, it } from "@effect/vitest"
import { oauthEndpoint, toResponse } from "@tokenry/fetch"
import { tokenExchangeGrant } from "@tokenry/jwt"
import * as oauth from "oauth4webapi"
import { accessTokenType, audience, issuer, openExchange } from "./exchanging.ts"

const openServer = async () => {
  const { issue, exchange, keys } = await openExchange()
  const exchanging = oauthEndpoint(exchange)
  const server = { issuer, token_endpoint: `${issuer}/oauth/token`, jwks_uri: `${issuer}/oauth/jwks` }
  const options = {
    [oauth.customFetch]: async (url: string, init: object) =>
      url === server.jwks_uri ? toResponse(keys.answerTo("GET")) : exchanging(new Request(url, init)),
  }
  const client = { client_id: "any" }
  const exchanged = async (parameters: Record<string, string>) => {
    const form = { subject_token_type: accessTokenType, audience, ...parameters }
    const response = await oauth.genericTokenEndpointRequest(
      server,
      client,
      oauth.None(),
      tokenExchangeGrant,
      form,
      options,
    )
    return oauth.processGenericTokenEndpointResponse(server, client, response)
  }
  return { issue, server, options, exchanged }
}

it("oauth4webapi exchanges a token, and validates the JWT as an access token (RFC 9068 §4)", async () => {
  const { issue, server, options, exchanged } = await openServer()
  const { plaintext, token } = await issue()
  const { access_token: jwt, expires_in: expiresIn, token_type: type } = await exchanged({ subject_token: plaintext })
  expect([expiresIn, type]).toEqual([300, "bearer"])
  const request = new Request(`${audience}/`, { headers: { Authorization: `Bearer ${jwt}` } })
  const claims = await oauth.validateJwtAccessToken(server, request, audience, options)
  expect(claims).toMatchObject({ sub: "user-1", client_id: token.id, scope: "treasure:edit treasure:read" })
  await expect(oauth.validateJwtAccessToken(server, request, "https://other.example.test", options)).rejects.toThrow(
    "audience",
  )
})

it("oauth4webapi understands the errors", async () => {
  const { issue, exchanged } = await openServer()
  const { plaintext } = await issue()
  const wrong = { subject_token: plaintext, audience: "https://elsewhere.example.test" }
  await expect(exchanged(wrong)).rejects.toMatchObject({ error: "invalid_target", status: 400 })
  await expect(exchanged({ subject_token: "abc" })).rejects.toMatchObject({ error: "invalid_request", status: 400 })
})
