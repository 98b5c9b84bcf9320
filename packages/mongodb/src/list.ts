/** Lists an owner's tokens, page by page. */
import type { ApiToken, DamagedToken } from "@tokenry/core"
import type { ApiTokenRepository, ListPosition, TokenId } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { types } from "node:util"
import { limitOf } from "./arguments.ts"
import { lastPositionOf, logDamaged, manyTokensOf } from "./manyTokens.ts"
import { ownedPage } from "./queries.ts"
import type { TokenCollection } from "./TokenCollection.ts"

/**
 * Replaces damaged tokens with the next ones, so only the last page isn't full. Fails with `RepositoryUnavailable` at a
 * token that a newer version of Tokenry wrote and this one can't read.
 */
export const listOn =
  (tokens: TokenCollection): ApiTokenRepository["Service"]["listOwnedBy"] =>
  ({ limit, ...query }) =>
    Effect.flatMap(
      tokens.read("listOwnedBy", async (bounds) => {
        const page = { tokens: new Array<ApiToken>(), damaged: new Array<DamagedToken>() }
        let { after } = query
        for (;;) {
          const missing = limitOf(limit) - page.tokens.length
          const { filter, sort } = ownedPage({ ...query, after })
          const found = await tokens.collection
            .find(filter, { ...bounds, sort, limit: missing, batchSize: missing })
            .toArray()
          const many = manyTokensOf(found)
          if (many.newer[0] !== undefined) throw many.newer[0]
          page.tokens.push(...many.tokens)
          page.damaged.push(...many.damaged)
          const last = found.length < missing || page.tokens.length >= limit ? undefined : lastPlaceOf(found)
          if (last === undefined) return page
          after = Option.some(last)
        }
      }),
      ({ tokens, damaged }) => Effect.as(logDamaged(damaged), tokens),
    )

/** Documents whose `createdAt` isn't a date sort last, so nothing follows them. */
const lastPlaceOf = (found: ReadonlyArray<object>): ListPosition | undefined => {
  const position = lastPositionOf(found, "createdAt")
  return position !== undefined && types.isDate(position.value)
    ? { createdAt: DateTime.makeUnsafe(position.value), id: position.id as TokenId }
    : undefined
}
