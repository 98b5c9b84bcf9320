import { assert, it } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { type ListPosition, type ListQuery, type TokenId, unattributed } from "@tokenry/core/adapter"
import { anId, at, aToken, contentsOf, owner } from "@tokenry/repository-contract/tokens"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { aStore } from "./stores.ts"

const ownedBy = owner("owner-1")

const query: ListQuery = { ownedBy, state: "any", now: at(0), after: Option.none(), limit: 100 }
const revocation = { at: at(-1), reason: "on request" }
const idsOf = (tokens: ReadonlyArray<{ readonly id: string }>) => tokens.map(({ id }) => id)

it.effect("an owner's tokens come newest first, whole, and nobody else's", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const tokens = [-3, -1, -2].map((milliseconds) => aToken({ ownedBy, createdAt: at(milliseconds) }))
    for (const token of [...tokens, aToken({ ownedBy: owner("owner-11") })]) yield* repository.insert(token)
    const listed = yield* repository.listOwnedBy(query)
    assert.deepStrictEqual(
      listed.map(contentsOf),
      [tokens[1], tokens[2], tokens[0]].flatMap((token) => (token === undefined ? [] : [contentsOf(token)])),
    )
    assert.deepStrictEqual(yield* repository.listOwnedBy({ ...query, ownedBy: owner("nobody") }), [])
  }),
)

it.effect("a token is dead from the millisecond on at which it expires, or when it is revoked", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const never = aToken({ ownedBy })
    const later = aToken({ ownedBy, expiresAt: Option.some(at(1)) })
    const expired = aToken({ ownedBy, expiresAt: Option.some(at(0)) })
    const revoked = aToken({ ownedBy, revocation: Option.some(revocation) })
    const both = aToken({ ownedBy, expiresAt: Option.some(at(-5)), revocation: Option.some(revocation) })
    for (const token of [never, later, expired, revoked, both, aToken({ ownedBy: owner("owner-2") })]) {
      yield* repository.insert(token)
    }
    const list = (state: ListQuery["state"]) => repository.listOwnedBy({ ...query, state })
    assert.sameMembers(idsOf(yield* list("live")), idsOf([never, later]))
    assert.sameMembers(idsOf(yield* list("dead")), idsOf([expired, revoked, both]))
    assert.sameMembers(idsOf(yield* list("any")), idsOf([never, later, expired, revoked, both]))
    assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(0)), 2)
    assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(1)), 1)
    assert.strictEqual(yield* repository.countLiveOwnedBy(owner("nobody"), at(0)), 0)
  }),
)

it.effect("a lineage is the token and what was minted with it, page by page, in each state", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const root = aToken({ ownedBy, createdAt: at(-9) })
    const child = aToken({ ownedBy, createdAt: at(-5), ancestors: [root.id], expiresAt: Option.some(at(-1)) })
    const grandchild = aToken({ ownedBy, createdAt: at(-5), ancestors: [root.id, child.id] })
    const others = [
      aToken({ ownedBy }),
      aToken({ ownedBy, ancestors: [anId()] }),
      aToken({ ancestors: [root.id], ownedBy: owner("owner-2") }),
    ]
    for (const token of [root, child, grandchild, ...others]) yield* repository.insert(token)
    const list = (lineageOf: TokenId, more: Partial<ListQuery> = {}) =>
      Effect.map(repository.listOwnedBy({ ...query, lineageOf, ...more }), idsOf)
    const twins = [child.id, grandchild.id].toSorted().toReversed()

    assert.deepStrictEqual(yield* list(root.id), [...twins, root.id])
    assert.deepStrictEqual(yield* list(root.id, { state: "live" }), [grandchild.id, root.id])
    assert.deepStrictEqual(yield* list(root.id, { state: "dead" }), [child.id])
    assert.deepStrictEqual(yield* list(child.id), twins)
    assert.deepStrictEqual(yield* list(grandchild.id), [grandchild.id])
    assert.deepStrictEqual(yield* list(anId()), [])
    assert.deepStrictEqual(yield* list(root.id, { limit: 1 }), twins.slice(0, 1))
    const after = Option.some({ createdAt: at(-5), id: twins[0] ?? root.id })
    assert.deepStrictEqual(yield* list(root.id, { after }), [...twins.slice(1), root.id])
    assert.strictEqual((yield* repository.listOwnedBy({ ...query, lineageOf: undefined })).length, 5)
  }),
)

it.effect("pages give each of hundreds that share an instant once, while others insert, revoke and purge", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const there = Array.from({ length: 300 }, () => aToken({ ownedBy }))
    const doomed = Array.from({ length: 50 }, () => aToken({ ownedBy, expiresAt: Option.some(at(-100)) }))
    for (const token of [...there, ...doomed]) yield* repository.insert(token)

    const seen: Array<ApiToken> = []
    let after: Option.Option<ListPosition> = Option.none()
    for (let page = 0; ; page++) {
      const items: ReadonlyArray<ApiToken> = yield* repository.listOwnedBy({ ...query, after, limit: 7 })
      seen.push(...items)
      after = Option.fromUndefinedOr(items.at(-1))
      if (items.length < 7) break
      yield* repository.insert(aToken({ ownedBy }))
      yield* repository.insert(aToken({ ownedBy, createdAt: at(page % 2 === 0 ? -1 : 1) }))
      const changed = there[page]
      if (changed !== undefined) yield* repository.replace(changed.revoke(revocation, unattributed), changed.revision)
      if (page === 20) yield* repository.purge(at(-50))
    }

    assert.strictEqual(new Set(idsOf(seen)).size, seen.length)
    assert.includeMembers(idsOf(seen), idsOf(there))
    const atOneInstant = idsOf(seen.filter(({ createdAt }) => DateTime.Equivalence(createdAt, at(0))))
    assert.deepStrictEqual(atOneInstant, atOneInstant.toSorted().toReversed())
  }),
)

it.effect("pages by state go on after a token that has left that state", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const tokens = Array.from({ length: 9 }, (_, index) => aToken({ ownedBy, createdAt: at(-index) }))
    for (const token of tokens) yield* repository.insert(token)
    const first = yield* repository.listOwnedBy({ ...query, state: "live", limit: 4 })
    yield* repository.revokeOwnedBy(ownedBy, revocation, unattributed)
    yield* repository.insert(aToken({ ownedBy, createdAt: at(-20) }))
    const rest = yield* repository.listOwnedBy({ ...query, state: "live", after: Option.fromUndefinedOr(first.at(-1)) })
    assert.deepStrictEqual(idsOf(first), idsOf(tokens.slice(0, 4)))
    assert.deepStrictEqual(
      rest.map(({ createdAt }) => createdAt.epochMilliseconds),
      [at(-20).epochMilliseconds],
    )
  }),
)
