/** Laws for an owner's list, its states and its count. */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { type ListPosition, type ListQuery, type ListState, type OwnerId, stateOf } from "@tokenry/core/adapter"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import { contentsOf } from "../contents.ts"
import { law } from "../Law.ts"
import { everythingOf, idsOf, insertAll, isAnError } from "../steps.ts"
import { anId, anOwner, at, aToken, expiring, manyTokens, revoked, unique } from "../tokens.ts"

export const listingLaws = [
  law("a list is sorted newest first, by creation and then by id", function* ({ here, there }) {
    const ownedBy = anOwner()
    const tokens = manyTokens(40, (index) => ({
      ownedBy,
      id: anId(at((index * 7) % 40)),
      createdAt: at(Math.floor(index / 4) * 1000 - 5000),
    }))
    yield* insertAll(here, tokens)
    const listed = yield* there.listOwnedBy(everythingOf({ ownedBy }))
    assert.deepStrictEqual(idsOf(listed), idsOf(tokens.toSorted(newestFirst)))
  }),

  law("a list has complete tokens, only the owner's", function* ({ here }) {
    const mine = unique("OWNER é")
    const near = [`${mine}0`, mine.slice(0, -1), mine.toLowerCase(), mine.normalize("NFD"), "%", ".*"]
    const others = near.map((ownedBy) => aToken({ ownedBy: ownedBy as OwnerId }))
    const own = aToken({ ownedBy: mine as OwnerId, ...expiring(9), ancestors: [anId()] })
    yield* insertAll(here, [...others, own])
    const listed = yield* here.listOwnedBy(everythingOf(own))
    assert.deepStrictEqual(listed.map(contentsOf), [contentsOf(own)])
    assert.strictEqual(yield* here.countLiveOwnedBy(own.ownedBy, at(0)), 1)
    assert.deepStrictEqual(yield* here.listOwnedBy(everythingOf({ ownedBy: anOwner() })), [])
  }),

  law("every page but the last is full", function* ({ here }) {
    const ownedBy = anOwner()
    const tokens = manyTokens(12, (index) => ({ ownedBy, createdAt: at(index % 5), ...(index % 3 ? {} : revoked(1)) }))
    yield* insertAll(here, tokens)
    for (const state of states) {
      const expected = tokens.toSorted(newestFirst).filter((token) => isListed(state, token))
      for (const limit of [1, 2, 5, expected.length, expected.length + 1]) {
        for (let start = 0; start <= expected.length; start++) {
          const page = yield* here.listOwnedBy({
            ...everythingOf({ ownedBy }),
            state,
            limit,
            after: after(expected[start - 1]),
          })
          assert.deepStrictEqual(idsOf(page), idsOf(expected.slice(start, start + limit)))
        }
      }
    }
  }),

  law("a token is live until the instant it expires, and dead from then on", function* ({ here, there }) {
    const ownedBy = anOwner()
    const [expired, forever] = [aToken({ ownedBy, ...expiring(1000) }), aToken({ ownedBy })]
    yield* insertAll(here, [expired, forever])
    for (const [now, live] of [
      [999, true],
      [1000, false],
      [1001, false],
    ] as const) {
      const query = { ...everythingOf({ ownedBy }), now: at(now) }
      const idsIn = (state: ListState) => there.listOwnedBy({ ...query, state })
      assert.sameMembers(idsOf(yield* idsIn("live")), idsOf(live ? [expired, forever] : [forever]))
      assert.sameMembers(idsOf(yield* idsIn("dead")), idsOf(live ? [] : [expired]))
      assert.sameMembers(idsOf(yield* idsIn("any")), idsOf([expired, forever]))
      assert.strictEqual(yield* there.countLiveOwnedBy(ownedBy, at(now)), live ? 2 : 1)
    }
  }),

  law("a revoked token is dead at every instant, even before its expiry or its revocation", function* ({ here }) {
    const ownedBy = anOwner()
    const tokens = [aToken({ ownedBy, ...revoked(5) }), aToken({ ownedBy, ...revoked(5), ...expiring(9) })]
    yield* insertAll(here, tokens)
    for (const now of [at(0), at(5), at(9)]) {
      const query = { ...everythingOf({ ownedBy }), now }
      assert.deepStrictEqual(yield* here.listOwnedBy({ ...query, state: "live" }), [])
      assert.sameMembers(idsOf(yield* here.listOwnedBy({ ...query, state: "dead" })), idsOf(tokens))
      assert.strictEqual(yield* here.countLiveOwnedBy(ownedBy, now), 0)
    }
  }),

  law("the count of live tokens is exact, even for hundreds", function* ({ here, there }) {
    const ownedBy = anOwner()
    const live = manyTokens(230, (index) => ({ ownedBy, ...(index % 2 ? expiring(1) : {}) }))
    const dead = manyTokens(15, (index) => ({ ownedBy, ...(index % 2 ? expiring(0) : revoked(0)) }))
    yield* insertAll(here, [...live, ...dead])
    assert.strictEqual(yield* there.countLiveOwnedBy(ownedBy, at(0)), live.length)
    assert.strictEqual(yield* there.countLiveOwnedBy(anOwner(), at(0)), 0)
  }),

  law(
    "tokens of every lifetime, from an hour to a century, are listed and counted as live until they expire",
    function* ({ here, there }) {
      const ownedBy = anOwner()
      const lifetimes = Array.from({ length: 21 }, (_, power) => 3_600_000 * 2 ** power)
      const tokens = lifetimes.flatMap((lifetime) =>
        [-1, 0, 1].flatMap((more) =>
          [-1, 0, 1].map((expiry) => aToken({ ownedBy, createdAt: at(expiry - lifetime - more), ...expiring(expiry) })),
        ),
      )
      const forever = manyTokens(3, (index) => ({ ownedBy, createdAt: at(-(10 ** (index * 5))) }))
      yield* insertAll(here, [...tokens, ...forever])
      for (const now of [-1, 0, 1]) {
        const live = [...forever, ...tokens.filter((token) => stateOf(token, at(now)) === "live")].toSorted(newestFirst)
        assert.strictEqual(yield* there.countLiveOwnedBy(ownedBy, at(now)), live.length)
        for (const limit of [live.length + 1, 50]) {
          const listed: Array<ApiToken> = []
          for (let page: ReadonlyArray<ApiToken> = []; listed.length === 0 || page.length === limit;) {
            const query = { ...everythingOf({ ownedBy }), now: at(now), state: "live", limit } as const
            page = yield* there.listOwnedBy({ ...query, after: after(listed.at(-1)) })
            listed.push(...page)
          }
          assert.deepStrictEqual(idsOf(listed), idsOf(live))
        }
      }
    },
  ),

  law("a limit below 1 is an error rather than no limit", function* ({ here }) {
    const token = aToken()
    yield* here.insert(token)
    for (const limit of [0, -1, Number.NaN]) {
      yield* isAnError(`the limit ${limit}`, () => here.listOwnedBy({ ...everythingOf(token), limit }))
    }
  }),
]

const states = ["live", "dead", "any"] as const

/** Of tokens that do not expire. */
const isListed = (state: ListState, token: ApiToken) =>
  state === "any" || Option.isNone(token.revocation) === (state === "live")

export const after = (last: ApiToken | undefined): ListQuery["after"] =>
  Option.map(Option.fromUndefinedOr(last), ({ createdAt, id }) => ({ createdAt, id }))

export const newestFirst = (left: ListPosition, right: ListPosition): number =>
  right.createdAt.epochMilliseconds - left.createdAt.epochMilliseconds || Order.String(right.id, left.id)
