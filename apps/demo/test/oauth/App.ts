/** A third party's app, with oauth4webapi as its client, and the person who lets it in with a browser. */
import * as oauth from "oauth4webapi"
import { credentialsOf } from "../Client.ts"

const insecure = { [oauth.allowInsecureRequests]: true } as const
export const redirectUri = "http://127.0.0.1:9/callback"

interface Asking {
  readonly scope?: string
  /** Instead of what the app sends by itself; empty: left out. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** What the person's browser brings back to the app. */
export interface Returned {
  readonly at: URL
  readonly verifier: string
  readonly state: string
}

export class App {
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  readonly #options: { readonly [oauth.allowInsecureRequests]: true; readonly DPoP?: oauth.DPoPHandle }

  constructor(
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    authentication: oauth.ClientAuth,
    proofs?: oauth.DPoPHandle,
  ) {
    this.server = server
    this.client = client
    this.authentication = authentication
    this.#options = { ...insecure, ...(proofs && { DPoP: proofs }) }
  }

  /** The same app, which sends proofs signed with this key to the token endpoint and the API; without a key, none. */
  proving(proofs: oauth.DPoPHandle | undefined): App {
    return new App(this.server, this.client, this.authentication, proofs)
  }

  /** Discovers the server and registers there: a public app, unless it asks for a secret. */
  static async registered(url: string, metadata: Readonly<Record<string, oauth.JsonValue>> = {}): Promise<App> {
    const issuer = new URL(url)
    const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure })
    const server = await oauth.processDiscoveryResponse(issuer, discovered)
    const method = { token_endpoint_auth_method: "none" }
    const asked = { client_name: "Chart plotter", redirect_uris: [redirectUri], ...method, ...metadata }
    const client = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(server, asked, insecure),
    )
    const { client_secret: secret } = client
    return new App(server, client, typeof secret === "string" ? oauth.ClientSecretBasic(secret) : oauth.None())
  }

  /** The address at which the app sends people to the server. */
  async authorizationUrl({ scope = "treasure:read", parameters = {} }: Asking = {}) {
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const url = new URL(this.server.authorization_endpoint ?? "")
    const all = {
      client_id: this.client.client_id,
      redirect_uri: redirectUri,
      response_type: "code",
      scope,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...parameters,
    }
    for (const [name, value] of Object.entries(all)) if (value !== "") url.searchParams.set(name, value)
    return { path: url.pathname + url.search, verifier, state }
  }

  /** The person allows what the app asks for, but for what they take away. */
  async letInBy(person: Person, asking: Asking & { readonly without?: ReadonlyArray<string> } = {}): Promise<Returned> {
    const { path, verifier, state } = await this.authorizationUrl(asking)
    const page = await person.opens(path)
    const at = await person.decides(page, "allow", asking.without)
    return { at, verifier, state }
  }

  async redeem({ at, verifier, state }: Returned): Promise<oauth.TokenEndpointResponse> {
    return oauth.processAuthorizationCodeResponse(this.server, this.client, await this.send({ at, verifier, state }))
  }

  async send(
    {
      at,
      verifier,
      state,
    }: Omit<Returned, "verifier"> & { readonly verifier: Returned["verifier"] | typeof oauth.nopkce },
    redirect = redirectUri,
  ): Promise<Response> {
    const { server, client, authentication } = this
    const parameters = oauth.validateAuthResponse(server, client, at, state)
    return oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      redirect,
      verifier,
      this.#options,
    )
  }

  async refresh(refreshToken: string, parameters: Record<string, string> = {}): Promise<oauth.TokenEndpointResponse> {
    const { server, client, authentication } = this
    const options = { ...this.#options, additionalParameters: parameters }
    const response = await oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, options)
    return oauth.processRefreshTokenResponse(server, client, response)
  }

  /** Calls the API with the token. */
  async call(token: string, path: string, method = "GET", body?: string): Promise<Response> {
    const headers = new Headers(body === undefined ? {} : { "Content-Type": "application/json" })
    const url = new URL(path, this.server.issuer)
    return oauth.protectedResourceRequest(token, method, url, headers, body, this.#options)
  }

  async introspect(token: string): Promise<oauth.IntrospectionResponse> {
    const { server, client, authentication } = this
    const response = await oauth.introspectionRequest(server, client, authentication, token, insecure)
    return oauth.processIntrospectionResponse(server, client, response)
  }

  async revoke(token: string): Promise<void> {
    const { server, client, authentication } = this
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, authentication, token, insecure),
    )
  }
}

/** In a browser of their own, which keeps several cookies and doesn't leave the demo. */
export class Person {
  readonly #url: string
  readonly #cookies = new Map<string, string>()

  private constructor(url: string) {
    this.#url = url
  }

  static signedOut(url: string): Person {
    return new Person(url)
  }

  static async signedIn(url: string, account: string): Promise<Person> {
    const person = new Person(url)
    await person.signsInAs(account)
    return person
  }

  /** By name. */
  get cookies(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#cookies)
  }

  async signsInAs(account: string): Promise<void> {
    const { status } = await this.opens("/login", credentialsOf(account))
    if (status !== 200) throw new Error(`Signing in was answered with ${status}`)
  }

  /** Resolves on the page of connected apps, which follows. */
  async disconnects(clientId: string, path = "/settings/apps"): Promise<Seen> {
    return this.opens(`${path}/disconnect`, { app: clientId })
  }

  /** Follows redirects within the demo. Where it would leave it, the page is the redirect itself. */
  async opens(path: string, fields?: Readonly<Record<string, string | ReadonlyArray<string>>>): Promise<Seen> {
    const body = fields && new URLSearchParams()
    for (const [name, values] of Object.entries(fields ?? {})) {
      for (const value of [values].flat()) body?.append(name, value)
    }
    const response = await fetch(new URL(path, this.#url), {
      method: body ? "POST" : "GET",
      redirect: "manual",
      headers: {
        Accept: "text/html",
        Cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; "),
        ...(body && { Origin: this.#url }),
      },
      ...(body && { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split("=") ?? []
      if (value === "") this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    const location = response.headers.get("Location")
    const next = location === null ? undefined : new URL(location, this.#url)
    if (next !== undefined && next.origin === new URL(this.#url).origin) return this.opens(next.pathname + next.search)
    return { path, status: response.status, headers: response.headers, html: await response.text(), leavesFor: next }
  }

  /** Decides on the page for it, and returns where they are led then. */
  async decides(page: Seen, decision: "allow" | "decline", without: ReadonlyArray<string> = []): Promise<URL> {
    const offered = Array.from(page.html.matchAll(/<input\s+type="checkbox"[^>]*value="([^"]*)"[^>]*\schecked/g))
    const scopes = offered.map(([, scope = ""]) => scope).filter((scope) => !without.includes(scope))
    const { leavesFor, status, html } = await this.opens(page.path, { do: decision, scopes })
    if (leavesFor === undefined) throw new Error(`The person was not led back to the app: ${status} ${html}`)
    return leavesFor
  }
}

export interface Seen {
  readonly path: string
  readonly status: number
  readonly headers: Headers
  readonly html: string
  /** The address elsewhere that it redirects to. */
  readonly leavesFor: URL | undefined
}
