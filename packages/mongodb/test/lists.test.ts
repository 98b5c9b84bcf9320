import { assert, describe, it } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import type { ApiTokenRepository, ListState } from "@tokenry/core/adapter"
import { unattributed } from "@tokenry/core/adapter"
import { anId, at, aToken, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { aStore, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

type Repository = ApiTokenRepository["Service"]

const page = (repository: Repository, state: ListState, limit: number, after: Option.Option<ApiToken>) =>
  repository.listOwnedBy({ ownedBy, state, now: at(100), after, limit })

/** Reads all pages. */
const listAll = (repository: Repository, state: ListState, limit: number) =>
  Effect.gen(function* () {
    const all: Array<ApiToken> = []
    for (;;) {
      const items = yield* page(repository, state, limit, Option.fromUndefinedOr(all.at(-1)))
      all.push(...items)
      if (items.length < limit) return all.map(({ id }) => id as string)
    }
  })

const newestFirst = (left: ApiToken, right: ApiToken) =>
  right.createdAt.epochMilliseconds - left.createdAt.epochMilliseconds || (left.id < right.id ? 1 : -1)

const idsOf = (tokens: ReadonlyArray<ApiToken>) => tokens.map(({ id }) => id as string)

const tokens = [
  ...Array.from({ length: 7 }, () => aToken({ ownedBy, createdAt: at(1) })),
  ...Array.from({ length: 5 }, (_, index) =>
    aToken({ ownedBy, createdAt: at(index), expiresAt: Option.some(at(101)) }),
  ),
  ...Array.from({ length: 4 }, (_, index) =>
    aToken({ ownedBy, createdAt: at(index % 2), expiresAt: Option.some(at(100)) }),
  ),
  ...Array.from({ length: 3 }, () =>
    aToken({ ownedBy, createdAt: at(2) }).revoke({ at: at(50), reason: "r" }, unattributed),
  ),
].sort(newestFirst)

const isDead = (token: ApiToken) =>
  Option.isSome(token.revocation) ||
  Option.exists(token.expiresAt, (expiry) => expiry.epochMilliseconds <= 100 + at(0).epochMilliseconds)

const filled = Effect.gen(function* () {
  const { repository } = yield* aStore()
  for (const token of [...tokens, aToken({ ownedBy: owner("owner-2") })]) yield* repository.insert(token)
  return repository
})

describe.skipIf(withoutMongodb)("an owner's list", () => {
  it.effect("has each token once, newest first, for any page size and state", () =>
    Effect.gen(function* () {
      const repository = yield* filled
      for (const limit of [1, 2, 3, 7, 200]) {
        assert.deepStrictEqual(yield* listAll(repository, "any", limit), idsOf(tokens))
      }
      assert.deepStrictEqual(yield* listAll(repository, "live", 3), idsOf(tokens.filter((token) => !isDead(token))))
      assert.deepStrictEqual(yield* listAll(repository, "dead", 3), idsOf(tokens.filter(isDead)))
      assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(100)), 12)
    }),
  )
})

describe.skipIf(withoutMongodb)("the list of a lineage", () => {
  it.effect("has the token and its descendants at any depth, in pages", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      const root = aToken({ ownedBy })
      const below = Array.from({ length: 5 }, (_, index) =>
        aToken({ ownedBy, createdAt: at(index), ancestors: index % 2 === 0 ? [root.id] : [anId(), root.id, anId()] }),
      )
      const others = [
        aToken({ ownedBy }),
        aToken({ ownedBy, ancestors: [anId()] }),
        aToken({ ownedBy: owner("owner-2"), ancestors: [root.id] }),
      ]
      for (const token of [root, ...below, ...others]) yield* repository.insert(token)
      const pageAfter = (after: Option.Option<ApiToken>) =>
        repository.listOwnedBy({ ...lineageOf(root), after, limit: 4 })
      const first = yield* pageAfter(Option.none())
      const second = yield* pageAfter(Option.fromUndefinedOr(first.at(-1)))
      assert.deepStrictEqual(idsOf([...first, ...second]), idsOf([root, ...below].toSorted(newestFirst)))
      assert.deepStrictEqual(
        yield* repository.listOwnedBy({ ...lineageOf(aToken({ ownedBy })), after: Option.none(), limit: 4 }),
        [],
      )
    }),
  )
})

const lineageOf = ({ id }: ApiToken) => ({ ownedBy, state: "any", now: at(100), lineageOf: id }) as const

const expiring = (milliseconds: number) => aToken({ ownedBy, expiresAt: Option.some(at(milliseconds)) })

describe.skipIf(withoutMongodb)("a sweep", () => {
  it.effect("over live tokens goes oldest first, even past a batch with the same instant", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      const many = Array.from({ length: 250 }, (_, index) =>
        aToken({ ownedBy, createdAt: at(index < 230 ? 5 : index) }),
      )
      const not = [
        aToken({ ownedBy, createdAt: at(300) }),
        aToken({ ownedBy, createdAt: at(5), expiresAt: Option.some(at(400)) }),
        aToken({ ownedBy, createdAt: at(5) }).revoke({ at: at(6), reason: "r" }, unattributed),
      ]
      yield* Effect.forEach([...many, ...not], repository.insert, { concurrency: 20, discard: true })
      const found = yield* Stream.runCollect(repository.liveCreatedBefore(at(300), at(400)))
      assert.deepStrictEqual(idsOf(found), idsOf(many.toSorted(newestFirst)).toReversed())
    }),
  )

  it.effect("over expiring tokens goes soonest first, within its bounds", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      const many = Array.from({ length: 230 }, (_, index) => expiring(index < 220 ? 10 : 19))
      const not = [
        aToken({ ownedBy }),
        expiring(9),
        expiring(20),
        expiring(15).revoke({ at: at(1), reason: "r" }, unattributed),
      ]
      yield* Effect.forEach([...many, ...not], repository.insert, { concurrency: 20, discard: true })
      const found = yield* Stream.runCollect(repository.expiringBetween(at(10), at(20)))
      assert.deepStrictEqual(new Set(idsOf(found)), new Set(idsOf(many)))
      const order = found.map(({ expiresAt, id }) => `${Option.getOrThrow(expiresAt).epochMilliseconds} ${id}`)
      assert.deepStrictEqual(order, order.toSorted())
    }),
  )
})
