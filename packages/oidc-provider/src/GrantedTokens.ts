/** Which API token belongs to which grant, kept with the provider's adapter as its model `AccessToken`. */
import type Provider from "oidc-provider"

export interface GrantedToken {
  readonly grantId: string
  readonly tokenId: string
  readonly accountId: string
  readonly clientId: string
  /** In milliseconds: what a refresh renews it for. */
  readonly lifetime: number
}

/** Found by the grant's id and by the token's. Neither is a secret. */
export class GrantedTokens {
  readonly #provider: Provider

  constructor(provider: Provider) {
    this.#provider = provider
  }

  ofGrant(grantId: string): Promise<GrantedToken | undefined> {
    return this.#find(grantId)
  }

  ofToken(tokenId: string): Promise<GrantedToken | undefined> {
    return this.#find(tokenId)
  }

  async remember(granted: GrantedToken, until: Date): Promise<void> {
    const { grantId, tokenId, accountId, clientId, lifetime } = granted
    const seconds = Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1000))
    const exp = Math.ceil(until.getTime() / 1000)
    for (const jti of [tokenId, grantId]) {
      const payload = { jti, kind: "AccessToken", grantId, accountId, clientId, exp, extra: { tokenId, lifetime } }
      await this.#provider.AccessToken.adapter.upsert(jti, payload, seconds)
    }
  }

  async forget(grantId: string): Promise<void> {
    await this.#provider.AccessToken.adapter.revokeByGrantId(grantId)
  }

  async #find(id: string): Promise<GrantedToken | undefined> {
    const payload = await this.#provider.AccessToken.adapter.find(id)
    if (payload === undefined) return undefined
    const { grantId = "", accountId = "", clientId = "", extra } = payload
    const { tokenId, lifetime } = extra as Pick<GrantedToken, "tokenId" | "lifetime">
    return { grantId, accountId, clientId, tokenId, lifetime }
  }
}

/** The API token of a grant; `undefined` if it has none yet, or the grant has ended. */
export const tokenOfGrant = (provider: Provider, grantId: string): Promise<GrantedToken | undefined> =>
  new GrantedTokens(provider).ofGrant(grantId)
