/** Laws for listing a lineage: one token, and the tokens minted with it. */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import type { ListQuery, OwnerId, TokenId } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import { contentsOf } from "../contents.ts"
import { law } from "../Law.ts"
import { everythingOf, idsOf, insertAll, isAnError } from "../steps.ts"
import { anId, anOwner, at, aToken, expiring, manyTokens, revoked } from "../tokens.ts"
import { after, newestFirst } from "./listing.ts"
import { noText } from "./missing.ts"

export const lineageLaws = [
  law(
    "the list of a lineage holds that token and its descendants, at any depth, and nothing else",
    function* ({ here, there }) {
      const ownedBy = anOwner()
      const chain = aChain(ownedBy, 9)
      const others = [
        aToken({ ownedBy }),
        aToken({ ownedBy, ancestors: [anId()] }),
        ...chain.slice(1).map(({ ancestors }) => aToken({ ownedBy, ancestors })),
        aToken({ ancestors: idsOf(chain.slice(0, 8)) }),
      ]
      const owned = [...chain, ...others].filter((token) => token.ownedBy === ownedBy)
      yield* insertAll(here, [...chain, ...others])
      for (const { id } of chain) {
        const listed = yield* there.listOwnedBy({ ...everythingOf({ ownedBy }), lineageOf: id })
        const lineage = owned.filter((token) => token.id === id || token.ancestors.includes(id))
        assert.deepStrictEqual(listed.map(contentsOf), lineage.toSorted(newestFirst).map(contentsOf))
      }
      const all = yield* there.listOwnedBy({ ...everythingOf({ ownedBy }), lineageOf: undefined })
      assert.deepStrictEqual(idsOf(all), idsOf(owned.toSorted(newestFirst)), "undefined is all")
    },
  ),

  law("the list of a lineage is empty for any other owner", function* ({ here }) {
    const [token, other] = [aToken(), aToken()]
    yield* insertAll(here, [token, aToken({ ownedBy: token.ownedBy, ancestors: [token.id] }), other])
    for (const [ownedBy, lineageOf] of [
      [other.ownedBy, token.id],
      [anOwner(), token.id],
      [token.ownedBy, anId()],
    ] as const) {
      assert.deepStrictEqual(yield* here.listOwnedBy({ ...everythingOf({ ownedBy }), lineageOf }), [])
    }
  }),

  law("the list of a lineage is in order, by state and in full pages, like any other", function* ({ here, there }) {
    const ownedBy = anOwner()
    const root = aToken({ ownedBy, createdAt: at(1) })
    const descendants = manyTokens(120, (index) => ({
      ownedBy,
      id: anId(at((index * 7) % 120)),
      createdAt: at(index % 4),
      ancestors: index % 2 ? [root.id] : [anId(), root.id, anId()],
      ...(index % 3 === 0 ? revoked(1) : index % 3 === 1 ? expiring(9) : {}),
    }))
    const strangers = manyTokens(240, (index) => ({
      ownedBy,
      id: anId(at((index * 11) % 120)),
      createdAt: at(index % 4),
      ancestors: index % 2 ? [anId()] : [],
    }))
    yield* insertAll(here, [...strangers.slice(0, 120), root, ...descendants, ...strangers.slice(120)])
    const now = at(9)
    for (const [state, isListed] of [
      ["any", () => true],
      ["live", (token: ApiToken) => token === root || descendants.indexOf(token) % 3 === 2],
      ["dead", (token: ApiToken) => token !== root && descendants.indexOf(token) % 3 !== 2],
    ] as const) {
      const expected = [root, ...descendants].filter(isListed).toSorted(newestFirst)
      for (const limit of [7, 100]) {
        const query = { ...everythingOf({ ownedBy }), state, now, lineageOf: root.id, limit }
        for (let start = 0; start <= expected.length; start += limit) {
          const page = yield* there.listOwnedBy({ ...query, after: after(expected[start - 1]) })
          assert.deepStrictEqual(idsOf(page), idsOf(expected.slice(start, start + limit)))
        }
      }
    }
  }),

  law("a missing or empty lineage id is an error rather than a wildcard", function* ({ here }) {
    const token = aToken()
    const lists = Effect.forEach(
      noText.filter((missing) => missing !== undefined),
      (missing) => {
        const query: ListQuery = { ...everythingOf(token), lineageOf: missing as TokenId }
        return isAnError("listOwnedBy", () => here.listOwnedBy(query))
      },
    )
    yield* lists
    yield* here.insert(token)
    yield* lists
  }),
]

/** Tokens that are each minted with the previous one. */
const aChain = (ownedBy: OwnerId, length: number): ReadonlyArray<ApiToken> => {
  const chain: Array<ApiToken> = []
  while (chain.length < length) {
    chain.push(aToken({ ownedBy, createdAt: at(chain.length % 3), ancestors: idsOf(chain) }))
  }
  return chain
}
