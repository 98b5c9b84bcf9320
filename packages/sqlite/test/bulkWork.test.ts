import { assert, it } from "@effect/vitest"
import { Change, unattributed } from "@tokenry/core/adapter"
import { anId, aSecret, at, aToken, contentsOf, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { aStore } from "./stores.ts"

const ownedBy = owner("owner-1")

const revocation = { at: at(5), reason: "deactivated" }
const by = { actor: { kind: "person", id: "admin" }, origin: { address: "::1" } } as const
const byThem = (third: string) => ({ issuedTo: Option.some(third) })

it.effect("all of an owner's tokens are revoked, more than a batch of them, and nobody else's", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const tokens = Array.from({ length: 230 }, (_, index) => aToken({ ownedBy, createdAt: at(-(index % 3)) }))
    const expired = aToken({ ownedBy, expiresAt: Option.some(at(-10)) })
    const others = aToken({ ownedBy: owner("owner-10") })
    for (const token of [...tokens, expired, others]) yield* repository.insert(token)

    assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, revocation, by), 231)

    for (const token of [...tokens, expired]) {
      const stored = Option.getOrThrow(yield* repository.findById(token.id))
      assert.deepStrictEqual(contentsOf(stored), contentsOf(token.revoke(revocation, by)))
    }
    assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(others.id))), contentsOf(others))
  }),
)

it.effect("a second revocation changes nothing, and what was revoked before keeps its first one", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const before = aToken({ ownedBy }).revoke({ at: at(1), reason: "on request" }, unattributed)
    const token = aToken({ ownedBy })
    yield* repository.insert(before)
    yield* repository.insert(token)
    assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, revocation, by), 1)
    assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, { at: at(9), reason: "again" }, by), 0)
    assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(before.id))), contentsOf(before))
    const stored = Option.getOrThrow(yield* repository.findById(token.id))
    assert.deepStrictEqual(contentsOf(stored), contentsOf(token.revoke(revocation, by)))
  }),
)

it.effect("a replace that was read before a bulk revocation conflicts, so it can't undo it", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const token = aToken({ ownedBy })
    yield* repository.insert(token)
    const shortened = token.shorten(Option.some(at(50)), at(1), unattributed)
    yield* repository.revokeOwnedBy(ownedBy, revocation, by)
    assert.strictEqual((yield* Effect.flip(repository.replace(shortened, 1)))._tag, "RevisionConflict")
  }),
)

it.effect("what was issued to a third party is revoked, one owner's or everybody's", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const [mine, theirs] = ["owner-1", "owner-2"].map((id) => aToken({ ownedBy: owner(id), ...byThem("an app") }))
    const others = [aToken({ ownedBy }), aToken(byThem("an app 2"))]
    assert.isDefined(mine)
    assert.isDefined(theirs)
    for (const token of [mine, theirs, ...others]) yield* repository.insert(token)
    const revoke = (ownedBy: Option.Option<string>) =>
      repository.revokeIssuedTo("an app", Option.map(ownedBy, owner), revocation, by)

    assert.strictEqual(yield* revoke(Option.some("owner-1")), 1)
    assert.isTrue(Option.isNone(Option.getOrThrow(yield* repository.findById(theirs.id)).revocation))
    assert.strictEqual(yield* revoke(Option.none()), 1)
    assert.strictEqual(yield* revoke(Option.none()), 0)

    for (const token of [mine, theirs]) {
      const stored = Option.getOrThrow(yield* repository.findById(token.id))
      assert.deepStrictEqual(contentsOf(stored), contentsOf(token.revoke(revocation, by)))
    }
    for (const token of others) {
      assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(token))
    }
  }),
)

it.effect("what died before the instant goes with its lineage and secrets, and nothing else", () =>
  Effect.gen(function* () {
    const { repository, database } = yield* aStore
    const revoked = aToken({ ownedBy, revocation: Option.some({ at: at(-1), reason: "x" }) })
    const expired = aToken({
      ownedBy,
      expiresAt: Option.some(at(-1)),
      revocation: Option.some({ at: at(7), reason: "x" }),
      secrets: [aSecret({ generation: 2 }), aSecret({ state: { _tag: "Retired", at: at(-9) } })],
    })
    const child = aToken({ ownedBy, ancestors: [revoked.id] })
    const grandchild = aToken({ ownedBy, ancestors: [revoked.id, child.id] })
    const kept = [
      aToken({ ownedBy }),
      aToken({ ownedBy, expiresAt: Option.some(at(0)) }),
      aToken({ ownedBy, revocation: Option.some({ at: at(0), reason: "x" }) }),
    ]
    const keptChildren = [
      aToken({ ownedBy, ancestors: [kept[0]?.id ?? anId()] }),
      aToken({ ownedBy, ancestors: [anId()] }),
    ]
    for (const token of [revoked, expired, child, grandchild, ...kept, ...keptChildren]) yield* repository.insert(token)

    assert.strictEqual(yield* repository.purge(at(0)), 4)

    for (const token of [revoked, expired, child, grandchild]) {
      assert.isTrue(Option.isNone(yield* repository.findById(token.id)))
      for (const { digest } of token.secrets) assert.isTrue(Option.isNone(yield* repository.findByDigest([digest])))
    }
    for (const token of [...kept, ...keptChildren]) {
      assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(token))
    }
    assert.strictEqual(database.connection.prepare("SELECT count(*) AS n FROM api_token_secret").get()?.["n"], 5)
    assert.strictEqual(yield* repository.purge(at(0)), 0)
  }),
)

it.effect("a purge takes more than a batch of the dead, and more than a batch of one's descendants", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const root = aToken({ ownedBy, expiresAt: Option.some(at(-1)) })
    const descendants = Array.from({ length: 250 }, () => aToken({ ownedBy, ancestors: [anId(), root.id] }))
    const dead = Array.from({ length: 250 }, () => aToken({ ownedBy, expiresAt: Option.some(at(-1)) }))
    const kept = aToken({ ownedBy })
    for (const token of [root, ...descendants, ...dead, kept]) yield* repository.insert(token)
    assert.strictEqual(yield* repository.purge(at(0)), 501)
    assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(0)), 1)
  }),
)

it.live("between batches, the event loop turns", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    for (let count = 0; count < 450; count++)
      yield* repository.insert(aToken({ ownedBy, expiresAt: Option.some(at(-1)) }))
    let turns = 0
    let isDone = false
    const count = () => {
      turns++
      if (!isDone) setImmediate(count)
    }
    const turnsDuring = <A, E>(work: Effect.Effect<A, E>) =>
      Effect.suspend(() => {
        turns = 0
        isDone = false
        setImmediate(count)
        return Effect.map(work, () => {
          isDone = true
          return turns
        })
      })
    assert.isAtLeast(yield* turnsDuring(repository.revokeOwnedBy(ownedBy, revocation, by)), 4)
    assert.isAtLeast(yield* turnsDuring(repository.purge(at(0))), 4)
  }),
)

it.effect("the line of history says who revoked, when and why", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const token = aToken({ ownedBy })
    yield* repository.insert(token)
    yield* repository.revokeOwnedBy(ownedBy, revocation, by)
    const { history } = Option.getOrThrow(yield* repository.findById(token.id))
    assert.deepStrictEqual(history.at(-1), Change.make("revoked", revocation.at, by, "deactivated"))
  }),
)
