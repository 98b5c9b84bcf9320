import { assert, it } from "@effect/vitest"
import { ApiToken } from "@tokenry/core"
import { unattributed } from "@tokenry/core/adapter"
import { anId, aSecret, at, aToken, contentsOf, named } from "@tokenry/repository-contract/tokens"
import type { SqliteDatabase } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { aStore } from "./stores.ts"

const failureOf = Effect.flip

it.effect("a token whose id exists is a duplicate, and nothing of it is written", () =>
  Effect.gen(function* () {
    const { repository, database } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    const duplicate = aToken({ id: token.id, name: named("other"), ancestors: [anId()] })
    const error = yield* failureOf(repository.insert(duplicate))
    assert.strictEqual(error._tag, "DuplicateToken")
    assert.strictEqual(Option.getOrThrow(yield* repository.findById(token.id)).name, "CI")
    assert.deepStrictEqual(yield* countsIn(database), { tokens: 1, secrets: 1, ancestors: 0 })
  }),
)

it.effect("a token with a digest that exists is a duplicate, and nothing of it is written", () =>
  Effect.gen(function* () {
    const { repository, database } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    const { digest } = token.secrets[0]
    const duplicate = aToken({
      secrets: [aSecret(), aSecret({ digest, state: { _tag: "Retired", at: at(0) } })],
    })
    const error = yield* failureOf(repository.insert(duplicate))
    assert.strictEqual(error._tag, "DuplicateToken")
    assert.notInclude(`${error.message} ${JSON.stringify(error)}`, digest.hex)
    assert.isTrue(Option.isNone(yield* repository.findById(duplicate.id)))
    assert.deepStrictEqual(yield* countsIn(database), { tokens: 1, secrets: 1, ancestors: 0 })
  }),
)

it.effect("a replaced token keeps nothing of what it was", () =>
  Effect.gen(function* () {
    const { repository, database } = yield* aStore
    const token = aToken({ ancestors: [anId()] })
    yield* repository.insert(token)
    const next = aToken({ id: token.id, name: named("next"), ancestors: [anId(), anId()], revision: 7 })
    yield* repository.replace(next, token.revision)
    assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(next))
    assert.isTrue(Option.isNone(yield* repository.findByDigest([token.secrets[0].digest])))
    assert.isTrue(Option.isSome(yield* repository.findByDigest([next.secrets[0].digest])))
    assert.deepStrictEqual(yield* countsIn(database), { tokens: 1, secrets: 1, ancestors: 2 })
  }),
)

it.effect("a replace under another revision, or of a token that is gone, conflicts and writes nothing", () =>
  Effect.gen(function* () {
    const { repository, database } = yield* aStore
    const token = aToken({ revision: 3 })
    yield* repository.insert(token)
    const renamed = token.rename(named("laptop"), at(1), unattributed)
    for (const revision of [2, 4]) {
      assert.strictEqual((yield* failureOf(repository.replace(renamed, revision)))._tag, "RevisionConflict")
    }
    assert.strictEqual((yield* failureOf(repository.replace(aToken(), 1)))._tag, "RevisionConflict")
    assert.strictEqual(Option.getOrThrow(yield* repository.findById(token.id)).name, "CI")
    assert.deepStrictEqual(yield* countsIn(database), { tokens: 1, secrets: 1, ancestors: 0 })
  }),
)

it.effect("a replace with another token's digest is a duplicate and writes nothing", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const [token, other] = [aToken(), aToken()]
    yield* repository.insert(token)
    yield* repository.insert(other)
    const stolen = new ApiToken({
      ...token,
      name: named("x"),
      secrets: [aSecret({ digest: other.secrets[0].digest })],
      revision: 2,
    })
    assert.strictEqual((yield* failureOf(repository.replace(stolen, 1)))._tag, "DuplicateToken")
    assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(token))
    const found = yield* repository.findByDigest([other.secrets[0].digest])
    assert.strictEqual(Option.getOrThrow(found).token.id, other.id)
  }),
)

it.effect("of fifty concurrent replaces under one revision, exactly one succeeds", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    const outcomes = yield* Effect.forEach(
      Array.from({ length: 50 }, (_, index) => named(`name ${index}`)),
      (name) =>
        repository.replace(token.rename(name, at(1), unattributed), token.revision).pipe(
          Effect.as(name as string),
          Effect.catchTag("RevisionConflict", ({ _tag }) => Effect.succeed(_tag)),
        ),
      { concurrency: "unbounded" },
    )
    const winners = outcomes.filter((outcome) => outcome !== "RevisionConflict")
    assert.strictEqual(winners.length, 1)
    const stored = Option.getOrThrow(yield* repository.findById(token.id))
    assert.deepStrictEqual([stored.name, stored.revision], [winners[0], 2])
  }),
)

const countsIn = (database: SqliteDatabase) =>
  Effect.sync(() => ({
    ...database.connection
      .prepare(
        `SELECT (SELECT count(*) FROM api_token) AS tokens, (SELECT count(*) FROM api_token_secret) AS secrets,
         (SELECT count(*) FROM api_token_ancestor) AS ancestors`,
      )
      .get(),
  }))
