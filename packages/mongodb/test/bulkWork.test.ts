import { assert, describe, it } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { Change, unattributed } from "@tokenry/core/adapter"
import { documentOf } from "@tokenry/mongodb"
import { anId, at, aToken, aUse, contentsOf, named, owner } from "@tokenry/repository-contract/tokens"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { aStore, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

const revocation = { at: at(5), reason: "deactivated" }
const by = { actor: { kind: "person", id: "admin" }, origin: { address: "::1" } } as const
const byThem = (third: string) => ({ issuedTo: Option.some(third) })

/** A store with these tokens. */
const aStoreWith = (...tokens: ReadonlyArray<ApiToken>) =>
  Effect.gen(function* () {
    const store = yield* aStore()
    yield* Effect.promise(() => store.tokens.insertMany(tokens.map((token) => ({ ...documentOf(token) }))))
    return store
  })

describe.skipIf(withoutMongodb)("a bulk revocation", () => {
  it.effect("revokes all the owner's tokens, even expired ones and more than a batch, and no one else's", () =>
    Effect.gen(function* () {
      const tokens = Array.from({ length: 501 }, () => aToken({ ownedBy }))
      const expired = aToken({ ownedBy, expiresAt: Option.some(at(-10)) })
      const other = aToken({ ownedBy: owner("owner-10") })
      const store = yield* aStoreWith(...tokens, expired, other)
      assert.strictEqual(yield* store.repository.revokeOwnedBy(ownedBy, revocation, by), 502)
      assert.strictEqual(yield* store.repository.countLiveOwnedBy(ownedBy, at(-100)), 0)
      for (const token of [tokens[0], expired]) {
        if (token === undefined) throw new Error("There is a token")
        const stored = Option.getOrThrow(yield* store.repository.findById(token.id))
        assert.deepStrictEqual(contentsOf(stored), contentsOf(token.revoke(revocation, by)))
      }
      const untouched = Option.getOrThrow(yield* store.repository.findById(other.id))
      assert.deepStrictEqual(contentsOf(untouched), contentsOf(other))
    }),
  )

  it.effect("changes nothing when repeated, and keeps earlier revocations", () =>
    Effect.gen(function* () {
      const before = aToken({ ownedBy }).revoke({ at: at(1), reason: "on request" }, unattributed)
      const token = aToken({ ownedBy })
      const { repository } = yield* aStoreWith(before, token)
      assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, revocation, by), 1)
      assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, { at: at(9), reason: "again" }, by), 0)
      assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(before.id))), contentsOf(before))
      const stored = Option.getOrThrow(yield* repository.findById(token.id))
      assert.deepStrictEqual(contentsOf(stored), contentsOf(token.revoke(revocation, by)))
    }),
  )

  it.effect("counts each token once when several run at once", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStoreWith(...Array.from({ length: 60 }, () => aToken({ ownedBy })))
      const counts = yield* Effect.all(
        Array.from({ length: 5 }, () => repository.revokeOwnedBy(ownedBy, revocation, by)),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(
        counts.reduce((sum, count) => sum + count, 0),
        60,
      )
    }),
  )

  it.effect("finds tokens whose expiry is moved earlier during the work, into batches already done", () =>
    Effect.gen(function* () {
      const tokens = Array.from({ length: 1501 }, (_, index) =>
        aToken({ ownedBy, expiresAt: Option.some(at(1_000_000 + index)) }),
      )
      const { repository, tokens: collection } = yield* aStoreWith(...tokens)
      const latest = { $and: [{ revocation: null }, { expiresAt: { $gt: at(1_000_000).pipe(DateTime.toDate) } }] }
      const bringForward = Effect.promise(() =>
        collection.findOneAndUpdate(
          latest,
          { $set: { expiresAt: DateTime.toDate(at(10)), revision: 2 } },
          { sort: { expiresAt: -1 } },
        ),
      )
      const moving = yield* Effect.forkChild(Effect.repeat(bringForward, { while: (moved) => moved !== null }))
      assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, revocation, by), 1501)
      yield* Fiber.join(moving)
      assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(0)), 0)
    }),
  )

  it.effect("adds an entry to a full history and evicts none", () =>
    Effect.gen(function* () {
      let token = aToken({ ownedBy })
      for (let index = 1; index < Change.remembered; index++) {
        token = token.rename(named(`name ${index}`), at(index * 61_000), unattributed)
      }
      const { repository } = yield* aStoreWith(token)
      yield* repository.revokeOwnedBy(ownedBy, revocation, by)
      const stored = Option.getOrThrow(yield* repository.findById(token.id))
      assert.strictEqual(token.history.length, Change.remembered)
      assert.strictEqual(stored.history.length, Change.remembered + 1)
      assert.deepStrictEqual(stored.history.slice(0, -1), token.history)
      assert.strictEqual(stored.history.at(-1)?.kind, "revoked")
    }),
  )

  it.effect("wins against a replace that was read before it", () =>
    Effect.gen(function* () {
      const token = aToken({ ownedBy })
      const { repository } = yield* aStoreWith(token)
      yield* repository.revokeOwnedBy(ownedBy, revocation, by)
      const renamed = token.rename(named("laptop"), at(1), unattributed)
      assert.strictEqual((yield* Effect.flip(repository.replace(renamed, 1)))._tag, "RevisionConflict")
    }),
  )

  it.effect("of an app's tokens affects one owner or all owners", () =>
    Effect.gen(function* () {
      const mine = aToken(byThem("an app"))
      const theirs = aToken({ ...byThem("an app"), ownedBy: owner("owner-2") })
      const { repository } = yield* aStoreWith(mine, theirs, aToken({ ownedBy }), aToken(byThem("an app 2")))
      const revoke = (ownedBy: Option.Option<ReturnType<typeof owner>>) =>
        repository.revokeIssuedTo("an app", ownedBy, revocation, by)
      assert.strictEqual(yield* revoke(Option.some(owner("owner-2"))), 1)
      assert.isTrue(Option.isNone(Option.getOrThrow(yield* repository.findById(mine.id)).revocation))
      assert.strictEqual(yield* revoke(Option.none()), 1)
      assert.strictEqual(yield* revoke(Option.none()), 0)
    }),
  )
})

describe.skipIf(withoutMongodb)("purge", () => {
  it.effect("removes tokens that died before the instant, and no others", () =>
    Effect.gen(function* () {
      const dead = [
        aToken({ ownedBy, expiresAt: Option.some(at(99)) }),
        aToken({ ownedBy }).revoke({ at: at(99), reason: "r" }, unattributed),
        aToken({ ownedBy, expiresAt: Option.some(at(500)) }).revoke({ at: at(50), reason: "r" }, unattributed),
        aToken({ ownedBy, expiresAt: Option.some(at(50)) }).revoke({ at: at(500), reason: "r" }, unattributed),
      ]
      const kept = [
        aToken({ ownedBy }),
        aToken({ ownedBy, expiresAt: Option.some(at(100)) }),
        aToken({ ownedBy }).revoke({ at: at(100), reason: "r" }, unattributed),
        aToken({ ownedBy, ancestors: [anId()] }),
      ]
      const { repository, tokens } = yield* aStoreWith(...dead, ...kept)
      assert.strictEqual(yield* repository.purge(at(100)), dead.length)
      const left = yield* Effect.promise(() => tokens.distinct("_id"))
      assert.deepStrictEqual(left.sort(), kept.map(({ id }) => id as string).sort())
      assert.strictEqual(yield* repository.purge(at(100)), 0)
    }),
  )

  it.effect("removes the usage of the tokens it removes, and no other", () =>
    Effect.gen(function* () {
      const root = aToken({ ownedBy, expiresAt: Option.some(at(10)) })
      const below = aToken({ ownedBy, ancestors: [root.id] })
      const kept = aToken({ ownedBy })
      const { repository, usage, usages } = yield* aStoreWith(root, below, kept)
      yield* usage.begin(at(1))
      yield* usage.record(
        [root, below, kept].flatMap(({ id }) => [aUse({ tokenId: id }), aUse({ tokenId: id, generation: 2 })]),
      )
      yield* repository.purge(at(100))
      const left = yield* Effect.promise(() => usages.distinct("tokenId"))
      assert.deepStrictEqual(left, [kept.id as string])
      assert.deepStrictEqual(yield* usage.usageOf([root.id, below.id]), [])
      assert.strictEqual((yield* usage.usageOf([kept.id])).length, 2)
      assert.deepStrictEqual(yield* usage.begin(at(200)), at(1))
    }),
  )

  it.effect("removes the descendants of dead tokens, even more than a batch", () =>
    Effect.gen(function* () {
      const root = aToken({ ownedBy, expiresAt: Option.some(at(10)) })
      const below = Array.from({ length: 1100 }, (_, index) =>
        aToken({ ownedBy, ancestors: index % 2 === 0 ? [root.id] : [anId(), root.id, anId()] }),
      )
      const moreDead = Array.from({ length: 501 }, () => aToken({ ownedBy, expiresAt: Option.some(at(20)) }))
      const kept = aToken({ ownedBy })
      const { repository, tokens } = yield* aStoreWith(root, ...below, ...moreDead, kept)
      assert.strictEqual(yield* repository.purge(at(100)), 1602)
      assert.deepStrictEqual(yield* Effect.promise(() => tokens.distinct("_id")), [kept.id as string])
    }),
  )
})
