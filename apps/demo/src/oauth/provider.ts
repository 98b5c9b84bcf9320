/** The authorization server: `oidc-provider`, whose access tokens are the demo's API tokens. */
import { clientAddress } from "@tokenry/http"
import { issueApiTokens, oauthConfiguration } from "@tokenry/oidc-provider"
import Provider, { type KoaContextWithOIDC } from "oidc-provider"
import { withoutTokens } from "../http/tokensInText.ts"
import { renderError } from "../pages/apps/errorPage.ts"
import { scopeCatalogue } from "../scopes.ts"
import type { Services } from "../Services.ts"
import { hashOf, oauthAdapter } from "./adapter.ts"
import { type ExchangeServices, exchangeTokens } from "./tokenExchange.ts"

const [minute, day] = [60, 24 * 60 * 60] as const

/** Where the provider answers. */
export const oauthPaths = {
  authorization: "/oauth/authorize",
  token: "/oauth/token",
  registration: "/oauth/register",
  jwks: "/oauth/jwks",
  introspection: "/oauth/introspect",
  revocation: "/oauth/revoke",
} as const

/** The page on which people sign in and consent. */
export const consentPath = (uid: string): string => `/settings/apps/authorize/${uid}`

export const makeProvider = (services: OAuthServices): Provider => {
  const { tokens, store, publicUrl, trustedProxies } = services
  const isSecure = publicUrl.startsWith("https:")
  const { features, ...oauth } = oauthConfiguration({
    catalogue: scopeCatalogue,
    resource: publicUrl,
    consentUrl: consentPath,
    dpop: true,
  })
  const provider = new Provider(publicUrl, {
    ...oauth,
    adapter: oauthAdapter(store.oauthRecords),
    routes: oauthPaths,
    cookies: { names: cookieNames(isSecure), long: cookieOptions(isSecure), short: cookieOptions(isSecure) },
    findAccount: async (_ctx, id) => {
      const account = await store.accounts.find(id)
      return account?.active ? { accountId: id, claims: () => ({ sub: id }) } : undefined
    },
    ttl: {
      AuthorizationCode: minute,
      Interaction: 60 * minute,
      Session: day,
      RefreshToken: 180 * day,
      Grant: 365 * day,
    },
    features: {
      ...features,
      registration: { ...features.registration, enabled: true, issueRegistrationAccessToken: false },
      clientIdMetadataDocument: { enabled: true, ack: "draft-02" },
    },
    renderError,
  })
  provider.proxy = trustedProxies > 0
  provider.maxIpsCount = trustedProxies
  storeHashedSecrets(provider)
  issueApiTokens(provider, { tokens, originOf })
  exchangeTokens(provider, oauthPaths.token, services)
  return provider
}

export type OAuthServices = ExchangeServices & Pick<Services, "store" | "trustedProxies">

/** Our own names, since all applications on a host share cookies, whatever their port. */
const cookieNames = (isSecure: boolean) => {
  const prefix = isSecure ? "__Secure-" : ""
  return {
    session: `${prefix}tokenry_demo_oauth`,
    interaction: `${prefix}tokenry_demo_interaction`,
    resume: `${prefix}tokenry_demo_resume`,
  }
}

const cookieOptions = (isSecure: boolean) =>
  ({ httpOnly: true, sameSite: "lax", secure: isSecure, signed: false }) as const

/** The adapter stores the secrets of registered clients by their hash. */
const storeHashedSecrets = ({ Client }: Provider): void => {
  // oxlint-disable-next-line typescript/unbound-method -- called with its own object
  const { compareClientSecret } = Client.prototype
  Client.prototype.compareClientSecret = function (presented) {
    return Reflect.apply(compareClientSecret, this, [hashOf(presented)])
  }
}

const originOf = (ctx: KoaContextWithOIDC) => {
  const address = clientAddress(ctx.ip)
  const userAgent = withoutTokens(ctx.get("User-Agent")).slice(0, 200)
  return { ...(address !== undefined && { address }), ...(userAgent !== "" && { userAgent }) }
}
