import { assert, it } from "@effect/vitest"
import { ApiToken } from "@tokenry/core"
import { type KeyId, type Secret, unattributed } from "@tokenry/core/adapter"
import { aDigest, aSecret, at, aToken, contentsOf, named, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { aStore } from "./stores.ts"

const revocation = { at: at(0), reason: "on request" }
const idsOf = (tokens: Iterable<ApiToken>) => Array.from(tokens, ({ id }) => id)

it.effect("all live tokens created before an instant come, whole, the oldest first", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const older = aToken({ createdAt: at(-20), ownedBy: owner("owner-2"), expiresAt: Option.some(at(1)) })
    const old = aToken({ createdAt: at(-10) })
    const others = [
      aToken({ createdAt: at(0) }),
      aToken({ createdAt: at(-15), expiresAt: Option.some(at(0)) }),
      aToken({ createdAt: at(-15), revocation: Option.some(revocation) }),
    ]
    for (const token of [old, ...others, older]) yield* repository.insert(token)
    const found = yield* Stream.runCollect(repository.liveCreatedBefore(at(0), at(0)))
    assert.deepStrictEqual(Array.from(found, contentsOf), [contentsOf(older), contentsOf(old)])
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(repository.liveCreatedBefore(at(-20), at(0)))), [])
  }),
)

it.effect("a live token comes after more than a page of expired ones", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    for (let count = 0; count < 250; count++) {
      yield* repository.insert(aToken({ createdAt: at(-20), expiresAt: Option.some(at(-1)) }))
    }
    const live = aToken({ createdAt: at(-10) })
    yield* repository.insert(live)
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(repository.liveCreatedBefore(at(0), at(0)))), [live.id])
  }),
)

it.effect("all unrevoked tokens whose expiry lies in a span come, the soonest first", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const [first, second] = [10, 19].map((milliseconds) => aToken({ expiresAt: Option.some(at(milliseconds)) }))
    const others = [
      aToken(),
      aToken({ expiresAt: Option.some(at(9)) }),
      aToken({ expiresAt: Option.some(at(20)) }),
      aToken({ expiresAt: Option.some(at(15)), revocation: Option.some(revocation) }),
    ]
    assert.isDefined(first)
    assert.isDefined(second)
    for (const token of [second, ...others, first]) yield* repository.insert(token)
    const found = yield* Stream.runCollect(repository.expiringBetween(at(10), at(20)))
    assert.deepStrictEqual(Array.from(found, contentsOf), [contentsOf(first), contentsOf(second)])
  }),
)

it.effect("more than a batch that share an instant come once each, while they are changed", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const tokens = Array.from({ length: 350 }, () => aToken({ createdAt: at(-1), expiresAt: Option.some(at(50)) }))
    for (const token of tokens) yield* repository.insert(token)
    const created = yield* Stream.runCollect(
      Stream.tap(repository.liveCreatedBefore(at(0), at(0)), (token) =>
        repository.replace(token.shorten(Option.some(at(40)), at(0), unattributed), token.revision),
      ),
    )
    const expiring = yield* Stream.runCollect(repository.expiringBetween(at(40), at(41)))
    const all = idsOf(tokens).sort()
    assert.deepStrictEqual(idsOf(created), all)
    assert.deepStrictEqual(idsOf(expiring), all)
  }),
)

const key = (id: string) => Option.some(id as KeyId)
const under = (keyId: Option.Option<KeyId>): Secret => aSecret({ keyId })
const retired = (secret: Secret, generation: number): Secret => ({
  ...secret,
  generation,
  state: { _tag: "Retired", at: at(0) },
})

it.effect("the tokens with a secret under a key come whole, each once, in whatever state", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const [plain, keyed] = [aToken(), aToken({ secrets: [under(key("one"))], revocation: Option.some(revocation) })]
    const both = aToken({
      secrets: [
        { ...under(key("one")), generation: 4 },
        retired(under(key("one")), 3),
        retired(under(Option.none()), 2),
        retired(under(Option.none()), 1),
      ],
    })
    for (const token of [plain, keyed, both]) yield* repository.insert(token)
    const found = (keyId: Option.Option<KeyId>) =>
      Effect.map(Stream.runCollect(repository.withKey(keyId)), (tokens) => Array.from(tokens, contentsOf))
    assert.sameDeepMembers(yield* found(Option.none()), [plain, both].map(contentsOf))
    assert.sameDeepMembers(yield* found(key("one")), [keyed, both].map(contentsOf))
    assert.deepStrictEqual(yield* found(key("on")), [])
  }),
)

it.effect("more than a batch of tokens move to a key, each once, while the stream of them is read", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const secrets = () => [{ ...under(Option.none()), generation: 2 }, retired(under(Option.none()), 1)] as const
    const tokens = Array.from({ length: 350 }, () => aToken({ secrets: secrets() }))
    for (const token of tokens) yield* repository.insert(token)
    const moved = yield* Stream.runCollect(
      Stream.tap(repository.withKey(Option.none()), (token) =>
        repository.replace(
          token.rekey(() => ({ digest: aDigest(), keyId: key("new") })),
          token.revision,
        ),
      ),
    )
    assert.deepStrictEqual(idsOf(moved).sort(), idsOf(tokens).sort())
    assert.deepStrictEqual(yield* repository.keyIdsInUse, [key("new")])
    assert.strictEqual((yield* Stream.runCollect(repository.withKey(key("new")))).length, 350)
  }),
)

it.effect("more than a batch of undelivered tokens are streamed once each while they are marked as delivered", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const tokens = Array.from({ length: 250 }, (_, index) => aToken({ undelivered: 1 + (index % 3) }))
    for (const token of [...tokens, aToken({ undelivered: 0 })]) yield* repository.insert(token)
    const found = yield* Stream.runCollect(
      Stream.tap(repository.undelivered, ({ id, revision }) => repository.markDelivered(id, revision)),
    )
    assert.sameDeepMembers(Array.from(found, contentsOf), tokens.map(contentsOf))
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(repository.undelivered)), [])
  }),
)

it.effect("a token is only marked as delivered under the delivered revision, and nothing else changes", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const [token, other] = [aToken({ revision: 3 }), aToken({ revision: 3 })]
    for (const one of [token, other]) yield* repository.insert(one)
    for (const revision of [2, 4]) yield* repository.markDelivered(token.id, revision)
    assert.strictEqual((yield* Stream.runCollect(repository.undelivered)).length, 2)
    yield* repository.markDelivered(token.id, 3)
    const delivered = new ApiToken({ ...token, undelivered: 0 })
    assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(delivered))
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(repository.undelivered)), [other.id])

    yield* repository.replace(token.rename(named("laptop"), at(1), unattributed), 3)
    const undelivered = Option.map(yield* repository.findById(token.id), (stored) => stored.undelivered)
    assert.deepStrictEqual(undelivered, Option.some(2), "who read it before makes its changes undelivered again")
  }),
)

it.effect("a stream that nobody reads to its end asks for no further batch", () =>
  Effect.gen(function* () {
    const { repository, database } = yield* aStore
    for (let count = 0; count < 150; count++) yield* repository.insert(aToken({ createdAt: at(-1) }))
    const taken = yield* repository.liveCreatedBefore(at(0), at(0)).pipe(
      Stream.take(100),
      Stream.tap(() => Effect.sync(() => database.close())),
      Stream.runCollect,
    )
    assert.strictEqual(taken.length, 100)
  }),
)
