/** A provider on a socket, whose people consent to everything at once, and an app that uses it. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { MemoryRepository, RepositoryUnavailable, ScopeCatalogue, TokenPolicy } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { AlreadyConsumed, issueApiTokens, oauthConfiguration, temporarilyUnavailable } from "@tokenry/oidc-provider"
import * as oauth from "oauth4webapi"
import Provider, { type Adapter, type AdapterPayload, type Configuration } from "oidc-provider"
import { onTestFinished } from "vitest"

export const redirectUri = "https://app.example/callback"

const secret = "a secret of the service"

/** How each client authenticates. */
const authenticationOf = (clientId: string) => (clientId === "service" ? oauth.ClientSecretBasic(secret) : oauth.None())

export const insecure = { [oauth.allowInsecureRequests]: true } as const

/** Counts the store's writes down, and fails them once none are left. */
class Outage {
  writesLeft = Infinity

  write(): void {
    if (this.writesLeft === 0) throw new RepositoryUnavailable({ operation: "write", cause: undefined })
    this.writesLeft--
  }
}

/** Everything that was ever written, as JSON. */
const rememberingAdapter = (written: Array<string>, outage: Outage) => {
  const write = () => {
    try {
      outage.write()
    } catch (error) {
      throw temporarilyUnavailable(error)
    }
  }
  const records = new Map<string, AdapterPayload>()
  return (kind: string): Adapter => {
    const keyOf = (id: string) => `${kind} ${id}`
    return {
      upsert: async (id, payload) => {
        write()
        written.push(JSON.stringify([kind, id, payload]))
        records.set(keyOf(id), payload)
      },
      find: async (id) => records.get(keyOf(id)),
      findByUid: async (uid) => [...records.values()].find((payload) => payload.kind === kind && payload.uid === uid),
      findByUserCode: async () => undefined,
      consume: async (id) => {
        write()
        const payload = records.get(keyOf(id))
        if (payload === undefined || payload.consumed) throw new AlreadyConsumed()
        records.set(keyOf(id), { ...payload, consumed: 1 })
      },
      destroy: async (id) => {
        write()
        records.delete(keyOf(id))
      },
      revokeByGrantId: async (grantId) => {
        write()
        for (const [key, payload] of records) {
          if (key.startsWith(`${kind} `) && payload.grantId === grantId) records.delete(key)
        }
      },
    }
  }
}

interface Serving {
  readonly catalogue: { readonly scopes: ReadonlyArray<string> }
  readonly tokens: PromiseApiTokens
  /** Default: the issuer. */
  readonly resource?: string
  readonly configuration?: Configuration
}

/** Until the test ends. */
export const serve = async ({ catalogue, tokens, resource: of, configuration = {} }: Serving) => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const resource = of ?? issuer
  const written: Array<string> = []
  const outage = new Outage()
  const preset = oauthConfiguration({ catalogue, resource, consentUrl: (uid) => `/consent/${uid}`, dpop: true })
  const provider = new Provider(issuer, {
    ...preset,
    adapter: rememberingAdapter(written, outage),
    clients: [
      { client_id: "app", redirect_uris: [redirectUri], token_endpoint_auth_method: "none" },
      { client_id: "service", client_secret: secret, redirect_uris: [redirectUri] },
    ],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    ttl: { AuthorizationCode: 60, Interaction: 600, Session: 600, RefreshToken: 86_400 * 30, Grant: 86_400 * 30 },
    ...configuration,
    features: {
      ...preset.features,
      registration: { ...preset.features.registration, enabled: true },
      ...configuration.features,
    } as Exclude<Configuration["features"], undefined>,
  })
  const rotate: typeof tokens.rotate = async (request) => {
    outage.write()
    return tokens.rotate(request)
  }
  issueApiTokens(provider, { tokens: { ...tokens, rotate } })
  const handle = provider.callback()
  server.on("request", (request, response) => {
    if (!request.url?.startsWith("/consent/")) return void handle(request, response)
    void consentToAll(provider, resource, request, response)
  })
  return { provider, issuer, written, outage }
}

export const aServer = async (configuration: Configuration = {}, policy = TokenPolicy.make()) => {
  const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures", "treasure:add": "Add treasures" })
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue, policy })
  onTestFinished(() => tokens.close())
  const served = await serve({ catalogue, tokens, configuration })
  const issuer = new URL(served.issuer)
  const authorizationServer = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }),
  )
  return { ...served, tokens, authorizationServer }
}

type Handled = Parameters<Provider["interactionDetails"]>

const consentToAll = async (provider: Provider, resource: string, ...[request, response]: Handled): Promise<void> => {
  const { prompt, params } = await provider.interactionDetails(request, response)
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: "ann" } })
  }
  const grant = new provider.Grant({ accountId: "ann", clientId: String(params["client_id"]) })
  grant.addResourceScope(resource, String(params["scope"]))
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

type Server = Awaited<ReturnType<typeof aServer>>

/** Goes through the whole flow in a browser with cookies, up to the code. */
export const authorize = async ({ authorizationServer }: Server, clientId = "app", scope = "treasure:read") => {
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(authorizationServer.authorization_endpoint ?? "")
  url.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }).toString()
  return { returnedTo: await consenting(url), verifier, clientId }
}

/** Where a browser with cookies ends up, outside the server. */
export const consenting = async (url: URL): Promise<URL> => {
  const cookies = new Map<string, string>()
  let next = url
  while (next.origin === url.origin) {
    const Cookie = [...cookies].map((pair) => pair.join("=")).join("; ")
    const response: Response = await fetch(next, { redirect: "manual", headers: { Cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split("=") ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get("Location")
    if (location === null) throw new Error(`${response.status}: ${await response.text()}`)
    next = new URL(location, next)
  }
  return next
}

export const redeem = async (
  { authorizationServer }: Server,
  { returnedTo, verifier, clientId }: Awaited<ReturnType<typeof authorize>>,
  DPoP?: oauth.DPoPHandle,
) => {
  const client = { client_id: clientId }
  const parameters = oauth.validateAuthResponse(authorizationServer, client, returnedTo, oauth.expectNoState)
  const options = { ...insecure, ...(DPoP && { DPoP }) }
  const response = await oauth.authorizationCodeGrantRequest(
    authorizationServer,
    client,
    authenticationOf(clientId),
    parameters,
    redirectUri,
    verifier,
    options,
  )
  return oauth.processAuthorizationCodeResponse(authorizationServer, client, response)
}

export const refresh = async (
  { authorizationServer }: Server,
  refreshToken = "",
  DPoP?: oauth.DPoPHandle,
  clientId = "app",
) => {
  const client = { client_id: clientId }
  const authentication = authenticationOf(clientId)
  const options = { ...insecure, ...(DPoP && { DPoP }) }
  const response = await oauth.refreshTokenGrantRequest(
    authorizationServer,
    client,
    authentication,
    refreshToken,
    options,
  )
  return oauth.processRefreshTokenResponse(authorizationServer, client, response)
}
