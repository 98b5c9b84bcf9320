/** A token as the API shows it. */
import type { EffectiveState, PromiseApiTokens, TokenDetails, TokenUsage } from "@tokenry/core/promise"
import { entityTagOf } from "@tokenry/http"
import { scopeCatalogue } from "../scopes.ts"

/** What is known about a token besides its record. */
interface Known {
  readonly usage?: TokenUsage | undefined
  readonly effective?: EffectiveState | undefined
}

/** Without its history. `lastUsedAt` is `null` if no use is known, and `effective` is if it wasn't looked up. */
export const tokenBody = (token: TokenDetails, { usage, effective }: Known = {}) => ({
  id: token.id,
  name: token.name,
  ownedBy: token.ownedBy,
  scopes: token.scopes,
  undeclaredScopes: scopeCatalogue.undeclared(token.scopes),
  createdAt: token.createdAt,
  expiresAt: token.expiresAt,
  revokedAt: token.revokedAt,
  revocationReason: token.revocationReason,
  effective: effective === undefined ? null : effectiveBody(effective),
  lastUsedAt: usage?.lastUsedAt ?? null,
  issuedTo: token.issuedTo,
  boundTo: token.boundTo,
  ancestors: token.ancestors,
  secrets: token.secrets,
  revision: token.revision,
  hint: token.hint,
})

const effectiveBody = ({ state, on, scopes, withheld }: EffectiveState) => ({ state, on, scopes, withheld })

/**
 * The token's entity tag, for `If-Match`. It covers everything anyone can change. The last use is in the body but not
 * in the revision, so using a token never conflicts with changing it. For the same reason it isn't a cache validator:
 * responses are `no-store`, and never 304.
 */
export const tokenTagOf = ({ revision }: TokenDetails): string => entityTagOf(revision)

/** What is known about these tokens, with one lookup of each kind for all of them. */
export const knownOf = async (
  tokens: PromiseApiTokens,
  items: ReadonlyArray<TokenDetails>,
): Promise<ReadonlyArray<Known>> => {
  const [usages, states] = await Promise.all([tokens.usageOf(items), tokens.effectiveStatesOf(items)])
  return states.map((effective, index) => ({ usage: usages?.[index], effective }))
}

/** Several tokens. */
export const tokenBodies = async (tokens: PromiseApiTokens, items: ReadonlyArray<TokenDetails>) => {
  const known = await knownOf(tokens, items)
  return items.map((token, index) => tokenBody(token, known[index]))
}

/** A successful change is reported even if further lookups fail. */
export const tokenBodyAfterChange = async (tokens: PromiseApiTokens, token: TokenDetails) => {
  const [known] = await knownOf(tokens, [token]).catch(() => [])
  return tokenBody(token, known)
}
