/** A token as the API shows it. */
import type { PromiseApiTokens, TokenDetails, TokenUsage } from "@tokenry/core/promise"

/** Without its history. `lastUsedAt` is `null` as long as no use is known. */
export const tokenBody = (token: TokenDetails, usage?: TokenUsage) => ({
  id: token.id,
  name: token.name,
  ownedBy: token.ownedBy,
  scopes: token.scopes,
  createdAt: token.createdAt,
  expiresAt: token.expiresAt,
  revokedAt: token.revokedAt,
  revokedBecause: token.revokedBecause,
  lastUsedAt: usage?.lastUsedAt ?? null,
  issuedTo: token.issuedTo,
  ancestors: token.ancestors,
  secrets: token.secrets,
  revision: token.revision,
})

/** All of them, with one look-up of when they were last used. */
export const tokenBodies = async (tokens: PromiseApiTokens, items: ReadonlyArray<TokenDetails>) => {
  const usages = await tokens.usageOf(items)
  return items.map((token, index) => tokenBody(token, usages?.[index]))
}

/** A change that has happened is answered also when nobody can say how the token was used. */
export const tokenBodyAfterChange = async (tokens: PromiseApiTokens, token: TokenDetails) => {
  const usages = await tokens.usageOf([token]).catch(() => null)
  return tokenBody(token, usages?.[0])
}
