import { assert, it } from "@effect/vitest"
import { type ApiToken, unattributed } from "@tokenry/core"
import { Effect, Option, Stream } from "effect"
import { aStore } from "./stores.ts"
import { at, aToken, contentsOf, owner } from "./tokens.ts"

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
