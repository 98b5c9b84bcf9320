/** Lets the revocation endpoint of `@tokenry/http` and its adapters revoke refresh tokens too. */
import type { PromiseApiTokens, Verification } from "@tokenry/core/promise"
import type Provider from "oidc-provider"
import { tokenOfGrant } from "./GrantedTokens.ts"

type Revocable = Pick<PromiseApiTokens, "inspect" | "revoke">

/**
 * The tokens for an endpoint at which holding a token is enough to revoke it. A refresh token of a public client stands for
 * its grant's API token; once that is revoked, the refresh token is worthless. Confidential clients must authenticate to
 * revoke their refresh tokens (RFC 7009 §2.1): the provider's own endpoint is for them.
 *
 *     app.use(revocation({ tokens: revocableTokens(provider, tokens) }))
 *
 * Costs two more lookups for a string that isn't an API token but looks like a refresh token.
 */
export const revocableTokens = (provider: Provider, { inspect, revoke }: Revocable): Revocable => ({
  revoke,
  inspect: async (presented) => {
    const verification = await inspect(presented)
    if (verification.accepted || typeof presented !== "string" || !refreshTokens.test(presented)) return verification
    return (await callerOf(provider, presented)) ?? verification
  },
})

/** The library's opaque format. */
const refreshTokens = /^[\w-]{21,100}$/

const callerOf = async (provider: Provider, presented: string): Promise<Verification | undefined> => {
  const refreshToken = await provider.RefreshToken.find(presented)
  if (refreshToken?.clientId === undefined || refreshToken.grantId === undefined) return undefined
  const client = await provider.Client.find(refreshToken.clientId)
  const granted = await tokenOfGrant(provider, refreshToken.grantId)
  if (client?.clientAuthMethod !== "none" || granted === undefined) return undefined
  const { tokenId, accountId: ownedBy } = granted
  const nothing = { ancestors: [], scopes: [], narrowedBy: [], expiresAt: null, boundTo: null }
  const caller = { tokenId, ownedBy, generation: 0, ...nothing }
  return { accepted: true, caller }
}
