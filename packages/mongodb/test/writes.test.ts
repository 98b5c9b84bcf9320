import { assert, describe, it } from "@effect/vitest"
import { type KeyId, unattributed } from "@tokenry/core/adapter"
import { aDigest, aSecret, at, aToken, contentsOf, named } from "@tokenry/repository-contract/tokens"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { inspect } from "node:util"
import { aStore, withoutMongodb } from "./stores.ts"

describe.skipIf(withoutMongodb)("insert", () => {
  it.effect("of an existing id is a duplicate, and nothing is written", () =>
    Effect.gen(function* () {
      const { repository, tokens } = yield* aStore()
      const token = aToken()
      yield* repository.insert(token)
      const error = yield* Effect.flip(repository.insert(aToken({ id: token.id, name: named("other") })))
      assert.deepInclude({ ...error }, { _tag: "DuplicateToken", id: token.id })
      assert.strictEqual(Option.getOrThrow(yield* repository.findById(token.id)).name, "CI")
      assert.strictEqual(yield* Effect.promise(() => tokens.countDocuments()), 1)
    }),
  )

  it.effect("of an existing digest is a duplicate, and the error doesn't contain the digest", () =>
    Effect.gen(function* () {
      const { repository, tokens } = yield* aStore()
      const token = aToken()
      yield* repository.insert(token)
      const { digest } = token.secrets[0]
      const duplicate = aToken({
        secrets: [aSecret(), aSecret({ digest, state: { _tag: "Retired", at: at(0) } })],
      })
      const cause = yield* Effect.flip(Effect.sandbox(repository.insert(duplicate)))
      assert.strictEqual(Option.getOrThrow(Cause.findErrorOption(cause))._tag, "DuplicateToken")
      assert.notInclude(Cause.pretty(cause) + inspect(cause, { depth: 20, showHidden: true }), digest.hex)
      assert.strictEqual(yield* Effect.promise(() => tokens.countDocuments()), 1)
    }),
  )
})

describe.skipIf(withoutMongodb)("replace", () => {
  it.effect("leaves nothing of the old token", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      const token = aToken({ issuedTo: Option.some("an app") })
      yield* repository.insert(token)
      const next = aToken({ id: token.id, name: named("next"), revision: 7 })
      yield* repository.replace(next, token.revision)
      assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(next))
      assert.isTrue(Option.isNone(yield* repository.findByDigest([token.secrets[0].digest])))
      assert.isTrue(Option.isSome(yield* repository.findByDigest([next.secrets[0].digest])))
    }),
  )

  it.effect("with another revision, or of a missing token, conflicts and writes nothing", () =>
    Effect.gen(function* () {
      const { repository, tokens } = yield* aStore()
      const token = aToken({ revision: 3 })
      yield* repository.insert(token)
      const renamed = token.rename(named("laptop"), at(1), unattributed)
      for (const revision of [2, 4]) {
        assert.strictEqual((yield* Effect.flip(repository.replace(renamed, revision)))._tag, "RevisionConflict")
      }
      assert.strictEqual((yield* Effect.flip(repository.replace(aToken(), 1)))._tag, "RevisionConflict")
      assert.strictEqual(Option.getOrThrow(yield* repository.findById(token.id)).name, "CI")
      assert.strictEqual(yield* Effect.promise(() => tokens.countDocuments()), 1)
    }),
  )

  it.effect("with another token's digest is a duplicate, and the error doesn't contain the digest", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      const [token, other] = [aToken(), aToken()]
      yield* repository.insert(token)
      yield* repository.insert(other)
      const next = aToken({ id: token.id, secrets: other.secrets, revision: 2 })
      const cause = yield* Effect.flip(Effect.sandbox(repository.replace(next, 1)))
      assert.strictEqual(Option.getOrThrow(Cause.findErrorOption(cause))._tag, "DuplicateToken")
      assert.notInclude(inspect(cause, { depth: 20, showHidden: true }), other.secrets[0].digest.hex)
      assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(token))
    }),
  )

  it.effect("by many at once with one revision succeeds for exactly one", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      const token = aToken()
      yield* repository.insert(token)
      const renamed = Array.from({ length: 20 }, (_, index) =>
        token.rename(named(`name ${index}`), at(1), unattributed),
      )
      const outcomes = yield* Effect.all(
        renamed.map((next) => Effect.exit(repository.replace(next, 1))),
        { concurrency: "unbounded" },
      )
      const winners = renamed.filter((_, index) => outcomes[index]?._tag === "Success")
      assert.strictEqual(winners.length, 1)
      assert.strictEqual(Option.getOrThrow(yield* repository.findById(token.id)).name, winners[0]?.name)
    }),
  )
})

describe.skipIf(withoutMongodb)("findByDigest", () => {
  it.effect("returns which of several candidates matched, and nothing for none", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      const token = aToken()
      yield* repository.insert(token)
      const { digest } = token.secrets[0]
      const found = Option.getOrThrow(yield* repository.findByDigest([aDigest(), digest, aDigest()]))
      assert.strictEqual(found.secret.digest.hex, digest.hex)
      assert.isTrue(Option.isNone(yield* repository.findByDigest([aDigest(), aDigest()])))
      assert.isTrue(Option.isNone(yield* repository.findByDigest([])))
    }),
  )
})

describe.skipIf(withoutMongodb)("keyIdsInUse", () => {
  it.effect("returns each key once, and none for plain SHA-256", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      assert.deepStrictEqual(yield* repository.keyIdsInUse, [])
      const keyId = Option.some("key-1" as KeyId)
      for (const secret of [aSecret(), aSecret(), aSecret({ keyId })]) {
        yield* repository.insert(aToken({ secrets: [secret] }))
      }
      const found = (yield* repository.keyIdsInUse).map((keyId) => Option.getOrElse(keyId, () => "none"))
      assert.deepStrictEqual(found.toSorted(), ["key-1", "none"])
    }),
  )
})
