/** Shows an owner their tokens, and how they have been used. */
import { Effect, Option } from "effect"
import { ListCursor } from "../ListCursor.ts"
import { FindRequest, ListRequest, parseRequest } from "../requests.ts"
import type { ApiToken } from "../token/ApiToken.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import { TokenId } from "../token/TokenId.ts"
import { TokenUsage } from "../token/TokenUsage.ts"
import type { Authority } from "./authority.ts"
import { currentInstant } from "./present.ts"
import type { UseCaseParts } from "./UseCaseParts.ts"

export interface Page {
  readonly items: ReadonlyArray<ApiToken>
  /** For `cursor`, to get the next page. None: this is the last one. */
  readonly nextCursor: Option.Option<string>
}

export const reading = ({ repository, usage, rules }: UseCaseParts, { reach, actingToken }: Authority) => {
  const find = Effect.fn("ApiTokens.find")(function* (request: FindRequest) {
    return yield* reach(yield* parseRequest(FindRequest, request), yield* currentInstant)
  })

  const list = Effect.fn("ApiTokens.list")(function* (request: ListRequest) {
    const { ownedBy, state = "any", limit = 20, cursor, caller } = yield* parseRequest(ListRequest, request)
    const after = Option.fromUndefinedOr(cursor === undefined ? undefined : ListCursor.decode(cursor, TokenId.is))
    const now = yield* currentInstant
    const lineageOf = caller === undefined ? undefined : (yield* actingToken(caller, now)).id
    const query = { ownedBy: ownedBy as OwnerId, state, now, lineageOf, after }
    const found = yield* repository.listOwnedBy({ ...query, limit: limit + 1 })
    const items = found.slice(0, limit)
    const last = Option.fromUndefinedOr(found.length > limit ? items.at(-1) : undefined)
    return { items, nextCursor: Option.map(last, ListCursor.encode) }
  })

  const usageOf = Effect.fn("ApiTokens.usageOf")(function* (
    tokens: ReadonlyArray<Pick<ApiToken, "id" | "createdAt" | "scopes">>,
  ) {
    if (Option.isNone(usage)) return Option.none()
    const since = yield* usage.value.since(yield* currentInstant)
    const recorded = yield* usage.value.usageOf(tokens.map(({ id }) => id))
    return Option.some(
      tokens.map((token) =>
        TokenUsage.of(
          token,
          recorded.filter(({ tokenId }) => tokenId === token.id),
          since,
          rules.catalogue,
        ),
      ),
    )
  })

  return { find, list, usageOf }
}
