import { assert, it } from "@effect/vitest"
import { type SecretUsage, type TokenId, unattributed } from "@tokenry/core/adapter"
import { aDigest, anId, at, aToken, aUse } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { DatabaseSync } from "node:sqlite"
import { anotherProcess, usageStoreCalledBy } from "../../../tools/other-process/otherProcess.ts"
import { aStore, openStore, temporaryFile } from "./stores.ts"
import { serving } from "./waysIn.ts"

const full = (tokenId: TokenId): SecretUsage => ({
  tokenId,
  generation: 3,
  count: 12,
  lastUsedAt: Option.some(at(123)),
  scopes: new Map([
    ["treasure:read", at(122)],
    ["__proto__", at(-1)],
    [`it's "quoted" 🏴‍☠️`, at(0)],
  ]),
  reuses: 4,
  lastReusedAt: Option.some(at(456)),
})

it.effect(
  "what is recorded of each secret comes back, for several tokens at once, also after the file is reopened",
  () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const [first, second, unused, other] = [aToken(), aToken(), aToken(), aToken()]
      const reusedOnly = aUse({
        tokenId: first.id,
        count: 0,
        lastUsedAt: Option.none(),
        reuses: 1,
        lastReusedAt: Option.some(at(1)),
      })
      const usages = [full(first.id), reusedOnly, aUse({ tokenId: second.id })]
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { repository, usageStore } = yield* openStore({ filename })
          for (const token of [first, second, unused, other]) yield* repository.insert(token)
          yield* usageStore.record([...usages, aUse({ tokenId: other.id })])
        }),
      )
      const { usageStore } = yield* openStore({ filename })
      const asked = [first.id, unused.id, second.id, anId(), first.id]
      assert.sameDeepMembers([...(yield* usageStore.usageOf(asked))], usages)
      assert.deepStrictEqual(yield* usageStore.usageOf([]), [])
    }),
)

it.live("the event loop turns between the calls of a flush", () =>
  Effect.gen(function* () {
    const { repository, usageStore } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    let turns = 0
    let isDone = false
    const count = () => {
      turns += 1
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    for (let call = 0; call < 10; call++) yield* usageStore.record([aUse({ tokenId: token.id })])
    isDone = true
    assert.isAtLeast(turns, 9)
  }),
)

it.effect("counts add up, of two instants the later one stays, and scopes gather, also within one call", () =>
  Effect.gen(function* () {
    const { repository, usageStore } = yield* aStore
    const { id } = yield* Effect.tap(Effect.succeed(aToken()), repository.insert)
    const later = aUse({
      tokenId: id,
      count: 5,
      lastUsedAt: Option.some(at(20)),
      scopes: new Map([
        ["a", at(20)],
        ["b", at(1)],
      ]),
    })
    const earlier = aUse({
      tokenId: id,
      count: 2,
      lastUsedAt: Option.some(at(10)),
      scopes: new Map([
        ["a", at(10)],
        ["b", at(2)],
        ["c", at(10)],
      ]),
      reuses: 1,
      lastReusedAt: Option.some(at(3)),
    })
    yield* usageStore.record([later])
    yield* usageStore.record([
      earlier,
      aUse({ tokenId: id, generation: 2 }),
      aUse({ tokenId: id, lastUsedAt: Option.none() }),
    ])
    const expected = aUse({
      tokenId: id,
      count: 8,
      lastUsedAt: Option.some(at(20)),
      scopes: new Map([
        ["a", at(20)],
        ["b", at(2)],
        ["c", at(10)],
      ]),
      reuses: 1,
      lastReusedAt: Option.some(at(3)),
    })
    assert.sameDeepMembers([...(yield* usageStore.usageOf([id]))], [expected, aUse({ tokenId: id, generation: 2 })])
  }),
)

it.effect("uses of a token that there is not are ignored, and those beside them are recorded", () =>
  Effect.gen(function* () {
    const { repository, usageStore } = yield* aStore
    const [token, stranger] = [aToken(), anId()]
    yield* repository.insert(token)
    yield* usageStore.record([aUse({ tokenId: stranger }), aUse({ tokenId: token.id }), aUse({ tokenId: stranger })])
    assert.deepStrictEqual(yield* usageStore.usageOf([stranger, token.id]), [aUse({ tokenId: token.id })])
  }),
)

it.effect("a change of the token leaves what is recorded, and recording leaves the token", () =>
  Effect.gen(function* () {
    const { repository, usageStore } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    yield* usageStore.record([aUse({ tokenId: token.id })])
    const rotation = { now: at(1), graceEnds: at(2), expiresAt: Option.none() }
    const rotated = token.rotate({ digest: aDigest(), keyId: Option.none(), hint: "tok_…test" }, rotation, unattributed)
    yield* repository.replace(rotated, token.revision)
    yield* usageStore.record([aUse({ tokenId: token.id, generation: 2 })])
    assert.sameDeepMembers(
      [...(yield* usageStore.usageOf([token.id]))],
      [aUse({ tokenId: token.id }), aUse({ tokenId: token.id, generation: 2 })],
    )
    const { revision } = Option.getOrThrow(yield* repository.findById(token.id))
    assert.strictEqual(revision, rotated.revision)
  }),
)

it.effect("what is purged is forgotten, and nothing else", () =>
  Effect.gen(function* () {
    const { repository, usageStore, database } = yield* aStore
    const [dead, kept] = [aToken({ expiresAt: Option.some(at(-1)) }), aToken()]
    const minted = aToken({ ancestors: [dead.id] })
    const all = [dead, minted, kept]
    for (const token of all) yield* repository.insert(token)
    yield* usageStore.record(all.flatMap(({ id }) => [aUse({ tokenId: id }), full(id)]))
    yield* repository.purge(at(0))
    yield* usageStore.record([aUse({ tokenId: dead.id })])
    const left = yield* usageStore.usageOf(all.map(({ id }) => id))
    assert.sameDeepMembers([...left], [aUse({ tokenId: kept.id }), full(kept.id)])
    assert.strictEqual(database.connection.prepare("SELECT count(*) AS n FROM api_token_usage").get()?.["n"], 2)
  }),
)

it.live("three processes that record at once lose nothing", () =>
  Effect.gen(function* () {
    const { repository, usageStore, filename } = yield* aStore
    const [one, other] = [aToken(), aToken()]
    for (const token of [one, other]) yield* repository.insert(token)
    const stores = [
      usageStore,
      yield* Effect.map(anotherProcess(serving(filename)), usageStoreCalledBy),
      yield* Effect.map(anotherProcess(serving(filename)), usageStoreCalledBy),
    ]
    const round = (index: number) =>
      [one.id, other.id].map((id) =>
        aUse({ tokenId: id, lastUsedAt: Option.some(at(index)), scopes: new Map([["a", at(index)]]) }),
      )
    yield* Effect.forEach(
      stores,
      (store) =>
        Effect.forEach(
          Array.from({ length: 60 }, (_, index) => round(index)),
          (usages) => store.record(usages),
        ),
      { concurrency: "unbounded" },
    )
    const expected = { count: 180, lastUsedAt: Option.some(at(59)), scopes: new Map([["a", at(59)]]) }
    for (const store of stores) {
      assert.sameDeepMembers(
        [...(yield* store.usageOf([one.id, other.id]))],
        [aUse({ tokenId: one.id, ...expected }), aUse({ tokenId: other.id, ...expected })],
      )
    }
  }),
)

it.live("of many processes and connections that begin at once, all learn one instant, which stays", () =>
  Effect.gen(function* () {
    const { usageStore, filename } = yield* aStore
    const stores = [
      usageStore,
      (yield* openStore({ filename })).usageStore,
      yield* Effect.map(anotherProcess(serving(filename)), usageStoreCalledBy),
      yield* Effect.map(anotherProcess(serving(filename)), usageStoreCalledBy),
    ]
    const calls = Array.from({ length: 20 }, () => stores).flat()
    const begun = yield* Effect.forEach(calls, (store, index) => store.begin(at(index)), { concurrency: "unbounded" })
    const [first] = begun
    assert.isDefined(first)
    assert.deepStrictEqual(
      [...new Set(begun.map(({ epochMilliseconds }) => epochMilliseconds))],
      [first.epochMilliseconds],
    )
    for (const store of stores) assert.deepStrictEqual(yield* store.begin(at(-1_000_000)), first)
  }),
)

it.live("connections that have all seen that nothing has begun agree on one instant", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const stores = yield* Effect.all(Array.from({ length: 5 }, () => openStore({ filename })))
    const other = new DatabaseSync(filename)
    other.exec("BEGIN IMMEDIATE")
    const beginning = yield* Effect.forEach(stores, ({ usageStore }, index) =>
      Effect.forkChild(usageStore.begin(at(index)), { startImmediately: true }),
    )
    other.close()
    const begun = yield* Fiber.joinAll(beginning)
    assert.strictEqual(new Set(begun.map(({ epochMilliseconds }) => epochMilliseconds)).size, 1)
  }),
)

it.effect("a lock that outlasts the deadline is an outage, and nothing is recorded; reading goes on", () =>
  Effect.gen(function* () {
    const { repository, usageStore, filename } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    yield* usageStore.begin(at(7))
    const other = new DatabaseSync(filename)
    other.exec("BEGIN IMMEDIATE")
    const recording = yield* Effect.forkChild(Effect.flip(usageStore.record([aUse({ tokenId: token.id })])), {
      startImmediately: true,
    })
    assert.deepStrictEqual(yield* usageStore.begin(at(8)), at(7))
    yield* TestClock.adjust("5 seconds")
    const error = yield* Fiber.join(recording)
    assert.deepStrictEqual([error._tag, error.operation], ["RepositoryUnavailable", "record"])
    other.close()
    assert.deepStrictEqual(yield* usageStore.usageOf([token.id]), [])
  }),
)
