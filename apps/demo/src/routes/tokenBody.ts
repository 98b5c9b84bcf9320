/** A token as the API shows it. */
import type { PromiseApiTokens, TokenDetails, TokenUsage } from "@tokenry/core/promise"
import { entityTagOf } from "@tokenry/http"

/** Without its history. `lastUsedAt` is `null` as long as no use is known. */
export const tokenBody = (token: TokenDetails, usage?: TokenUsage) => ({
  id: token.id,
  name: token.name,
  ownedBy: token.ownedBy,
  scopes: token.scopes,
  createdAt: token.createdAt,
  expiresAt: token.expiresAt,
  revokedAt: token.revokedAt,
  revocationReason: token.revocationReason,
  lastUsedAt: usage?.lastUsedAt ?? null,
  issuedTo: token.issuedTo,
  ancestors: token.ancestors,
  secrets: token.secrets,
  revision: token.revision,
  hint: token.hint,
})

/**
 * The token's entity-tag, for `If-Match`. It stands for all that anybody can change. When the token was last used is in
 * the body and not in the revision, so that a use does not get in the way of a change: what somebody saw and decided on is
 * as they saw it. For the same reason it is no validator of a cache: nothing is answered 304 by it, and answers are
 * `no-store`.
 */
export const tokenTagOf = ({ revision }: TokenDetails): string => entityTagOf(revision)

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
