/** A token as the API shows it. */
import type { EffectiveState, PromiseApiTokens, TokenDetails, TokenUsage } from "@tokenry/core/promise"
import { entityTagOf } from "@tokenry/http"
import { scopeCatalogue } from "../scopes.ts"

/** What is known of a token besides what its record says. */
interface Known {
  readonly usage?: TokenUsage | undefined
  readonly effective?: EffectiveState | undefined
}

/** Without its history. `lastUsedAt` is `null` as long as no use is known, `effective` where it was not looked up. */
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
  ancestors: token.ancestors,
  secrets: token.secrets,
  revision: token.revision,
  hint: token.hint,
})

const effectiveBody = ({ state, on, scopes, withheld }: EffectiveState) => ({ state, on, scopes, withheld })

/**
 * The token's entity-tag, for `If-Match`. It stands for all that anybody can change. When the token was last used is in
 * the body and not in the revision, so that a use does not get in the way of a change: what somebody saw and decided on is
 * as they saw it. For the same reason it is no validator of a cache: nothing is answered 304 by it, and answers are
 * `no-store`.
 */
export const tokenTagOf = ({ revision }: TokenDetails): string => entityTagOf(revision)

/** What is known of each of these tokens, in one look-up for all of them each. */
export const knownOf = async (
  tokens: PromiseApiTokens,
  items: ReadonlyArray<TokenDetails>,
): Promise<ReadonlyArray<Known>> => {
  const [usages, states] = await Promise.all([tokens.usageOf(items), tokens.effectiveStatesOf(items)])
  return states.map((effective, index) => ({ usage: usages?.[index], effective }))
}

/** All of them. */
export const tokenBodies = async (tokens: PromiseApiTokens, items: ReadonlyArray<TokenDetails>) => {
  const known = await knownOf(tokens, items)
  return items.map((token, index) => tokenBody(token, known[index]))
}

/** A change that has happened is answered even if nothing else can be looked up. */
export const tokenBodyAfterChange = async (tokens: PromiseApiTokens, token: TokenDetails) => {
  const [known] = await knownOf(tokens, [token]).catch(() => [])
  return tokenBody(token, known)
}
