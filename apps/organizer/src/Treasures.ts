/** The organizer as a client of the treasures: signs people in there, and calls the API with the token it gets. */
import * as openid from "openid-client"

/** What the organizer asks for. */
const scope = "treasure:read"

/** What a session keeps of a person's access. */
export interface Access {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  /** In milliseconds since 1970; `undefined` if the server doesn't say. */
  readonly expiresAt: number | undefined
}

/** What it keeps between sending a person away and their return. */
export interface Pending {
  readonly verifier: string
  readonly state: string
}

export interface Treasure {
  readonly name: string
  readonly value: number
}

/** `Refused`: the person has ended the access, or it is over; they must sign in again. */
export type Listing =
  | { readonly _tag: "Treasures"; readonly treasures: ReadonlyArray<Treasure> }
  | { readonly _tag: "Refused" }
  | { readonly _tag: "Unavailable" }

export class Treasures {
  readonly #configuration: openid.Configuration
  readonly #redirectUri: string
  readonly #url: string
  /** By refresh token: two pages that load at once must not use one twice, which would end the access. */
  readonly #refreshing = new Map<string, Promise<Access>>()

  private constructor(configuration: openid.Configuration, redirectUri: string, url: string) {
    this.#configuration = configuration
    this.#redirectUri = redirectUri
    this.#url = url
  }

  /** Discovers the authorization server and registers the organizer there. Rejects if it can't be reached. */
  static async connect(url: string, redirectUri: string): Promise<Treasures> {
    const metadata = {
      client_name: "Treasure Organizer",
      redirect_uris: [redirectUri],
      scope,
      // A public client, which proves itself with PKCE alone: it has nowhere to keep a secret over a restart.
      token_endpoint_auth_method: "none",
    }
    const configuration = await openid.dynamicClientRegistration(new URL(url), metadata, openid.None(), {
      algorithm: "oauth2",
      // Only for a server on this machine: elsewhere tokens need https.
      ...(isLoopback(url) && { execute: [openid.allowInsecureRequests] }),
    })
    return new Treasures(configuration, redirectUri, url)
  }

  /** Where to send a person, and what to keep until they come back. */
  async signInUrl(): Promise<{ readonly url: URL; readonly pending: Pending }> {
    const pending = { verifier: openid.randomPKCECodeVerifier(), state: openid.randomState() }
    const url = openid.buildAuthorizationUrl(this.#configuration, {
      redirect_uri: this.#redirectUri,
      scope,
      state: pending.state,
      code_challenge: await openid.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: "S256",
      resource: this.#url,
    })
    return { url, pending }
  }

  /** The access that a returning person gave; `undefined` if they declined, or something is wrong with what they bring. */
  async access(returnedTo: URL, { verifier, state }: Pending): Promise<Access | undefined> {
    try {
      const checks = { pkceCodeVerifier: verifier, expectedState: state }
      return accessOf(await openid.authorizationCodeGrant(this.#configuration, returnedTo, checks))
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
  }

  /**
   * The person's treasures. Refreshes an expired access, once. Store what `renewed` receives at once, in place of the old
   * access: refreshing the old one again would end both.
   */
  async list(access: Access, renewed: (access: Access) => void): Promise<Listing> {
    try {
      const current = isOver(access) ? await this.#refreshed(access, renewed) : access
      return current === undefined ? refused : await this.#listWith(current)
    } catch (error) {
      return isRefusal(error) ? refused : unavailable
    }
  }

  /** Ends the access. Best effort: the person can also disconnect the app. */
  async end({ accessToken, refreshToken }: Access): Promise<void> {
    await openid.tokenRevocation(this.#configuration, refreshToken ?? accessToken).catch(() => undefined)
  }

  async #listWith(access: Access): Promise<Listing> {
    const url = new URL(`${this.#url}/api/treasures?limit=100`)
    const response = await openid.fetchProtectedResource(this.#configuration, access.accessToken, url, "GET")
    if (!response.ok) return unavailable
    const { items } = (await response.json()) as { readonly items: ReadonlyArray<Treasure> }
    return { _tag: "Treasures", treasures: items }
  }

  #refreshed({ refreshToken }: Access, renewed: (access: Access) => void): Promise<Access> | undefined {
    if (refreshToken === undefined) return undefined
    const running = this.#refreshing.get(refreshToken) ?? this.#refresh(refreshToken, renewed)
    this.#refreshing.set(refreshToken, running)
    return running.finally(() => this.#refreshing.delete(refreshToken))
  }

  async #refresh(refreshToken: string, renewed: (access: Access) => void): Promise<Access> {
    const granted = accessOf(await openid.refreshTokenGrant(this.#configuration, refreshToken))
    const access = { ...granted, refreshToken: granted.refreshToken ?? refreshToken }
    renewed(access)
    return access
  }
}

const refused: Listing = { _tag: "Refused" }
const unavailable: Listing = { _tag: "Unavailable" }

const accessOf = (granted: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers): Access => {
  const seconds = granted.expiresIn()
  return {
    accessToken: granted.access_token,
    refreshToken: granted.refresh_token,
    expiresAt: seconds === undefined ? undefined : Date.now() + seconds * 1000,
  }
}

/** A minute early, so that it doesn't expire on its way. */
const isOver = ({ expiresAt }: Access): boolean => expiresAt !== undefined && expiresAt - 60_000 <= Date.now()

/** An answer of the server that says no, rather than an outage. */
const isRefusal = (error: unknown): boolean =>
  error instanceof openid.AuthorizationResponseError ||
  (error instanceof openid.ResponseBodyError && error.status < 500) ||
  error instanceof openid.WWWAuthenticateChallengeError

const isLoopback = (url: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(url).hostname)
