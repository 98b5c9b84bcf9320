/** Shows owners their tokens, and how they have been used. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { InvalidInput } from "../errors.ts"
import { ListCursor } from "./ListCursor.ts"
import type { FindRequest, ListRequest } from "./requests.ts"
import type { ApiToken } from "../token/ApiToken.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import { TokenId } from "../token/TokenId.ts"
import { TokenUsage } from "../token/TokenUsage.ts"
import type { Authority } from "./authority.ts"
import { currentInstant } from "./present.ts"
import type { UseCaseParts } from "./UseCaseParts.ts"

export interface Page {
  readonly items: ReadonlyArray<ApiToken>
  /** Pass it as `cursor` to get the next page. None: this is the last page. */
  readonly nextCursor: Option.Option<string>
}

export const reading = ({ repository, usage, rules, parse }: UseCaseParts, { reach, actingToken }: Authority) => {
  const find = Effect.fn("ApiTokens.find")(function* (request: FindRequest) {
    return yield* reach(yield* parse("FindRequest", request), yield* currentInstant)
  })

  const list = Effect.fn("ApiTokens.list")(function* (request: ListRequest) {
    const { ownedBy, state = "any", limit = 20, cursor, caller } = yield* parse("ListRequest", request)
    const after = Option.fromUndefinedOr(cursor === undefined ? undefined : ListCursor.decode(cursor, TokenId.is))
    const now = yield* currentInstant
    const lineageOf = caller === undefined ? undefined : (yield* actingToken(caller, now)).token.id
    const query = { ownedBy: ownedBy as OwnerId, state, now, lineageOf, after }
    const found = yield* repository.listOwnedBy({ ...query, limit: limit + 1 })
    const items = found.slice(0, limit)
    const last = Option.fromUndefinedOr(found.length > limit ? items.at(-1) : undefined)
    return { items, nextCursor: Option.map(last, ListCursor.encode) }
  })

  const usageOf = Effect.fn("ApiTokens.usageOf")(function* (
    tokens: ReadonlyArray<Pick<ApiToken, "id" | "createdAt" | "scopes">>,
  ) {
    if (!Array.isArray(tokens))
      return yield* new InvalidInput({ issues: [{ path: [], message: "must be a list of tokens" }] })
    const wrong = tokens.findIndex((token) => !TokenId.is(token?.id) || !Array.isArray(token.scopes))
    if (wrong >= 0) {
      return yield* new InvalidInput({ issues: [{ path: [String(wrong)], message: "must be a token" }] })
    }
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
