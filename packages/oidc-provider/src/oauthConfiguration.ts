/** The settings with which `oidc-provider` is an OAuth 2.1 authorization server for API tokens. */
import { generateKeyPairSync, randomUUID } from "node:crypto"
import { checkOptions, isBoolean, type OptionRules } from "@tokenry/core/adapter"
import { type Configuration, errors, interactionPolicy, type JWKS, type KoaContextWithOIDC } from "oidc-provider"

export interface OAuthOptions {
  /** The declared scopes. People consent to them one by one. */
  readonly catalogue: { readonly scopes: ReadonlyArray<string> }
  /** The API's identifier, an absolute URL: the only `resource` (RFC 8707) that clients may name, and the default. */
  readonly resource: string
  /** Your page on which a person signs in and consents to this interaction: a path or an absolute URL. */
  readonly consentUrl: (uid: string) => string
  /** Whether clients may bind tokens to their key (DPoP). If so, your API's guard needs `dpop` too. Default: `false`. */
  readonly dpop?: boolean | undefined
}

/**
 * The authorization code flow with PKCE for every client, refresh tokens for clients that registered for them, the
 * catalogue's scopes, one grant per authorization, and no OpenID Connect. Refresh tokens outlive the sign-in session, and
 * those of public clients are rotated at each use.
 *
 * Spread it into your own configuration, which must still bring `adapter` and `findAccount`:
 *
 *     const oauth = oauthConfiguration({ catalogue, resource, consentUrl: (uid) => `/consent/${uid}` })
 *     const provider = new Provider(issuer, { ...oauth, adapter, findAccount })
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type.
 */
export const oauthConfiguration = (options: OAuthOptions) => {
  checkOptions("oauthConfiguration", options, optionRules, { required: ["catalogue", "resource", "consentUrl"] })
  const { catalogue, resource, consentUrl, dpop = false } = options
  const resourceServer = {
    scope: catalogue.scopes.join(" "),
    accessTokenFormat: "opaque",
  } as const
  return {
    // Without `openid` there are no ID tokens. The library wants a key for them all the same: it signs nothing.
    scopes: [...catalogue.scopes],
    claims: {},
    jwks: { keys: [{ ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), alg: "EdDSA" }] } as JWKS,
    responseTypes: ["code"],
    clientAuthMethods: ["none", "client_secret_basic"],
    clientDefaults: {
      id_token_signed_response_alg: "EdDSA",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    },
    pkce: { required: () => true },
    interactions: {
      policy: consentPolicy(),
      url: (_ctx: unknown, { uid }: { readonly uid: string }) => consentUrl(uid),
    },
    // Consent always makes a new grant, and so a new API token.
    loadExistingGrant: async (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId)
    },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    expiresWithSession: async () => false,
    revokeGrantPolicy: () => true,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      dPoP: { enabled: dpop },
      pushedAuthorizationRequests: { enabled: false },
      registration: { enabled: false, idFactory: idOfAnyScope },
      introspection: { enabled: true, allowedPolicy: isItsOwn },
      revocation: { enabled: true, allowedPolicy: isItsOwn },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: ({ oidc }, indicator) => {
          if (withoutSlash(indicator) !== withoutSlash(resource)) throw new errors.InvalidTarget()
          const isAsking = oidc.route === "authorization"
          if (isAsking && oidc.requestParamScopes.has("openid")) {
            throw new errors.InvalidScope("this server is not an OpenID provider", "openid")
          }
          if (isAsking && !catalogue.scopes.some((scope) => oidc.requestParamScopes.has(scope))) {
            throw new errors.InvalidScope("ask for at least one of scopes_supported", "")
          }
          return resourceServer
        },
      },
    },
  } satisfies Configuration
}

/** All scopes are the resource's: people consent to them as such, and not to the provider's own as well. */
const consentPolicy = () => {
  const policy = interactionPolicy.base()
  policy.get("consent")?.checks.remove("op_scopes_missing")
  return policy
}

/**
 * The id of a client that registers. Drops the scopes it registers with, as a server may (RFC 7591 §2): people consent to
 * scopes each time, and a fixed list would keep an MCP client from asking for more later.
 */
const idOfAnyScope = ({ oidc }: KoaContextWithOIDC): string => {
  Reflect.deleteProperty(oidc.body ?? {}, "scope")
  return randomUUID()
}

/** A client may introspect and revoke the tokens that were issued to it. */
const isItsOwn = (
  _ctx: unknown,
  client: { readonly clientId: string },
  token: { readonly clientId?: string | undefined },
) => token.clientId === client.clientId

/** `https://api.example.com` and `https://api.example.com/` are one resource, and clients write both. */
const withoutSlash = (url: string): string => url.replace(/\/$/, "")

const optionRules: OptionRules<OAuthOptions> = {
  catalogue: [
    (value) => typeof value === "object" && value !== null && "scopes" in value,
    "write catalogue: ScopeCatalogue.make({ … })",
  ],
  resource: [
    (value) => typeof value === "string" && URL.canParse(value),
    'write an absolute URL, as in resource: "https://api.example.com"',
  ],
  consentUrl: [(value) => typeof value === "function", "write consentUrl: (uid) => `/consent/${uid}`"],
  dpop: [isBoolean, "write true or false"],
}
