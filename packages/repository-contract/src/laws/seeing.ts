/** Laws for visibility between writers and readers of one store, across connections and processes. */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { unattributed } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { law, type Repository } from "../Law.ts"
import { amongThese, areAbsent, areStored, everythingOf, forAll, idsOf, storedIn } from "../steps.ts"
import { aKeyId, aSecret, at, aToken, changed, expiring, issuedTo, named, unique } from "../tokens.ts"
import { oddToken, oddTokens } from "./generated.ts"

export const seeingLaws = [
  law("every later read, on any connection, sees a finished write", function* ({ here, there }) {
    for (const [writer, reader] of [
      [here, here],
      [here, there],
      [there, here],
    ] as const) {
      const token = aToken({
        secrets: [aSecret({ keyId: Option.some(aKeyId()) })],
        ...issuedTo(unique("app")),
        ...expiring(50),
      })
      yield* seesNothing(reader, token)
      yield* writer.insert(token)
      yield* sees(reader, token)

      const renamed = changed(token, { name: named("another"), secrets: [aSecret({ generation: 2 })] })
      yield* writer.replace(renamed, token.revision)
      yield* sees(reader, renamed)
      assert.isTrue(Option.isNone(yield* reader.findByDigest([token.secrets[0].digest])), "the old digest is gone")

      const revocation = { at: at(1), reason: "x" }
      yield* writer.revokeIssuedTo(Option.getOrThrow(token.issuedTo), Option.none(), revocation, unattributed)
      const revoked = yield* storedIn(reader, token.id)
      assert.isTrue(Option.isSome(revoked.revocation), "it is revoked")
      yield* sees(reader, revoked)

      yield* writer.purge(at(2))
      yield* seesNothing(reader, revoked)
    }
  }),

  law("a reader during a write sees the token before or after it, never a mixture", function* ({ here, there, runs }) {
    const rounds = Math.max(1, Math.floor(runs / 5))
    yield* forAll(oddTokens, { runs: rounds, size: 6 }, (described) =>
      Effect.gen(function* () {
        const before = oddToken(described)
        const after = changed(aToken({ id: before.id, ...issuedTo("an app") }), { revision: before.revision + 1 })
        yield* here.insert(before)
        const [, ...read] = yield* Effect.all(
          [
            here.replace(after, before.revision),
            ...Array.from({ length: 8 }, () => storedIn(there, before.id)),
          ] as const,
          { concurrency: "unbounded" },
        )
        for (const token of read) {
          yield* Effect.sync(() => {
            const expected = token.revision === before.revision ? before : after
            assert.strictEqual(token.name, expected.name)
            assert.strictEqual(token.history.length, expected.history.length)
            assert.isTrue(
              token.secrets[0].digest.hex === expected.secrets[0].digest.hex,
              "the secrets are of the same revision",
            )
            assert.strictEqual(token.secrets.length, expected.secrets.length)
          })
        }
        yield* areStored(there, [after])
      }),
    )
  }),
]

/** Checks that every read returns the token's current state. */
const sees = (repository: Repository, token: ApiToken) =>
  Effect.gen(function* () {
    const [secret] = token.secrets
    const isLive = Option.isNone(token.revocation)
    yield* areStored(repository, [token])
    assert.deepStrictEqual(idsOf(yield* repository.findManyById([token.id])), [token.id])
    const found = Option.getOrUndefined(yield* repository.findByDigest([secret.digest]))
    assert.strictEqual(Option.isNone(found?.token.revocation ?? Option.none()), isLive)
    const inState = (state: "live" | "dead") => repository.listOwnedBy({ ...everythingOf(token), state })
    assert.deepStrictEqual(idsOf(yield* inState("live")), isLive ? [token.id] : [])
    assert.deepStrictEqual(idsOf(yield* inState("dead")), isLive ? [] : [token.id])
    assert.strictEqual(yield* repository.countLiveOwnedBy(token.ownedBy, at(0)), isLive ? 1 : 0)
    assert.strictEqual((yield* amongThese(repository.undelivered, [token])).length, 1)
    for (const stream of [repository.liveCreatedBefore(at(1), at(0)), repository.expiringBetween(at(50), at(51))]) {
      assert.deepStrictEqual(idsOf(yield* amongThese(stream, [token])), isLive ? [token.id] : [])
    }
    if (Option.isSome(secret.keyId)) {
      const named = (yield* repository.keyIdsInUse).map(Option.getOrUndefined)
      assert.include(named, secret.keyId.value)
      assert.deepStrictEqual(idsOf(yield* Stream.runCollect(repository.withKey(secret.keyId))), [token.id])
    }
  })

const seesNothing = (repository: Repository, token: ApiToken) =>
  Effect.gen(function* () {
    yield* areAbsent(repository, [token])
    assert.strictEqual(yield* repository.countLiveOwnedBy(token.ownedBy, at(0)), 0)
    assert.deepStrictEqual(yield* amongThese(repository.liveCreatedBefore(at(1), at(0)), [token]), [])
    assert.deepStrictEqual(yield* amongThese(repository.undelivered, [token]), [])
  })
