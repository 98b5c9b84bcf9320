import { assert, it } from "@effect/vitest"
import { unattributed } from "@tokenry/core"
import { Effect, Option } from "effect"
import { aStore } from "./stores.ts"
import { at, aToken, contentsOf, named } from "./tokens.ts"

it.effect("a token is found by its id, by its digest and in its owner's list", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    const { ownedBy, secrets } = token
    const listed = yield* repository.listOwnedBy({ ownedBy, state: "any", now: at(0), after: Option.none(), limit: 10 })
    const found = yield* repository.findByDigest([secrets[0].digest])
    assert.deepStrictEqual(Option.map(yield* repository.findById(token.id), contentsOf), Option.some(contentsOf(token)))
    assert.deepStrictEqual(listed.map(contentsOf), [contentsOf(token)])
    assert.strictEqual(Option.getOrThrow(found).token.id, token.id)
  }),
)

it.effect("a replaced token is what is found from then on", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    const renamed = token.rename(named("laptop"), at(1), unattributed)
    yield* repository.replace(renamed, token.revision)
    assert.deepStrictEqual(
      Option.map(yield* repository.findById(token.id), contentsOf),
      Option.some(contentsOf(renamed)),
    )
  }),
)
