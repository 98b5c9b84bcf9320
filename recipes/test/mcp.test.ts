/** The official SDK's client finds its way from a 401 to a call, and to more scopes. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type OAuthClientProvider, UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js"
import { expect, it, onTestFinished } from "vitest"
import { consenting, serve } from "../../packages/oidc-provider/test/server.ts"
import { catalogue } from "../src/catalogue.ts"
import { mcpApp } from "../src/mcp.ts"
import { openTokens } from "./askWith.ts"

const openMcp = async () => {
  const tokens = await openTokens()
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  const { issuer } = await serve({ catalogue, tokens, resource: url })
  server.on("request", mcpApp({ tokens, url, authorizationServer: issuer }))
  return { tokens, url, issuer }
}

/** A client's person, who allows everything in a browser. The client asks for no refresh token. */
class Asking implements OAuthClientProvider {
  readonly redirectUrl = "http://127.0.0.1:9/callback"
  readonly clientMetadata = {
    client_name: "Parrot",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code"],
    token_endpoint_auth_method: "none",
  }
  /** Where it sent the person, the last one first. */
  readonly sentTo: Array<URL> = []
  readonly codes: Array<string> = []
  #client: OAuthClientInformationMixed | undefined
  #tokens: OAuthTokens | undefined
  #verifier = ""

  clientInformation() {
    return this.#client
  }
  saveClientInformation(client: OAuthClientInformationMixed) {
    this.#client = client
  }
  tokens() {
    return this.#tokens
  }
  saveTokens(tokens: OAuthTokens) {
    this.#tokens = tokens
  }
  codeVerifier() {
    return this.#verifier
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier
  }
  async redirectToAuthorization(url: URL) {
    this.sentTo.unshift(url)
    this.codes.unshift((await consenting(url)).searchParams.get("code") ?? "")
  }
}

const aClient = (url: string) => {
  const person = new Asking()
  const requests: Array<string> = []
  const open = () =>
    new StreamableHTTPClientTransport(new URL(url), {
      authProvider: person,
      fetch: async (to, init) => {
        const response = await fetch(to, init)
        requests.push(`${init?.method ?? "GET"} ${new URL(to).pathname} ${response.status}`)
        return response
      },
    })
  return { client: new Client({ name: "Parrot", version: "1.0.0" }), person, requests, open }
}

it("an MCP client discovers where to get a token, registers there, and calls a tool with it", async () => {
  const { tokens, url, issuer } = await openMcp()
  const { client, person, requests, open } = aClient(url)
  const refused = open()
  await expect(client.connect(refused)).rejects.toThrow(UnauthorizedError)
  expect(requests).toEqual([
    "POST /mcp 401",
    "GET /.well-known/oauth-protected-resource/mcp 200",
    "GET /.well-known/oauth-authorization-server 200",
    "POST /reg 201",
  ])
  const [sentTo] = person.sentTo
  expect([sentTo?.origin, sentTo?.searchParams.get("resource"), sentTo?.searchParams.get("scope")]).toEqual([
    issuer,
    url,
    "treasure:read",
  ])
  await refused.finishAuth(person.codes[0] ?? "")
  await client.connect(open())
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual(["list_treasures", "hide_treasure"])
  expect(await client.callTool({ name: "list_treasures" })).toMatchObject({ content: [{ text: "Ruby of ann" }] })
  const { items } = await tokens.list({ ownedBy: "ann" })
  expect(items).toEqual([expect.objectContaining({ name: "Parrot", scopes: ["treasure:read"] })])
  await client.close()
})

it("an MCP client that lacks a tool's scope asks the person for it, then calls the tool", async () => {
  const { url } = await openMcp()
  const { client, person, open } = aClient(url)
  const refused = open()
  await client.connect(refused).catch(() => undefined)
  await refused.finishAuth(person.codes[0] ?? "")
  const transport = open()
  await client.connect(transport)
  const hide = () => client.callTool({ name: "hide_treasure", arguments: { name: "Pearl" } })
  await expect(hide()).rejects.toThrow(UnauthorizedError)
  expect(person.sentTo[0]?.searchParams.get("scope")).toBe("treasure:read treasure:create")
  await transport.finishAuth(person.codes[0] ?? "")
  expect(await hide()).toMatchObject({ content: [{ text: "Pearl is hidden" }] })
  await client.close()
})

it("a token without the scopes gets insufficient_scope, even in a batch; a revoked one gets invalid_token", async () => {
  const { tokens, url } = await openMcp()
  const { plaintext, token } = await tokens.issue({ ownedBy: "ann", name: "CI", scopes: ["treasure:read"] })
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "hide_treasure", arguments: {} } }
  const ask = async (body: unknown) => {
    const headers = { Authorization: `Bearer ${plaintext}`, "Content-Type": "application/json" }
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })
    await response.text()
    return [response.status, response.headers.get("WWW-Authenticate")]
  }
  const metadata = `resource_metadata="${url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")}"`
  for (const body of [call, [{ ...call, params: { name: "list_treasures" } }, call]]) {
    expect(await ask(body)).toEqual([
      403,
      `Bearer realm="treasures", error="insufficient_scope", error_description="The token lacks a required scope", scope="treasure:read treasure:create", ${metadata}`,
    ])
  }
  await tokens.revoke({ id: token.id, ownedBy: "ann" })
  expect(await ask(call)).toEqual([
    401,
    `Bearer realm="treasures", error="invalid_token", error_description="The token is not accepted", scope="treasure:read", ${metadata}`,
  ])
})
