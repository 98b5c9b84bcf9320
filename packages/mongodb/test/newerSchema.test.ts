import { assert, describe, it } from "@effect/vitest"
import { type ApiToken, RepositoryUnavailable } from "@tokenry/core"
import { unattributed } from "@tokenry/core/adapter"
import { documentOf, NewerSchema } from "@tokenry/mongodb"
import { at, aToken, named, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { withLog } from "./logged.ts"
import { aStore, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

const revocation = { at: at(1), reason: "r" }

/** One token of ours, and one written by a newer version of Tokenry, with an unknown field. */
const sideBySide = (versions: { readonly schemaVersion: number; readonly readableFrom: number }) =>
  Effect.gen(function* () {
    const store = yield* aStore()
    const fields = { ownedBy, expiresAt: Option.some(at(500)), issuedTo: Option.some("an app") }
    const [ours, newer] = [aToken(fields), aToken(fields)]
    yield* Effect.promise(() =>
      store.tokens.insertMany([{ ...documentOf(ours) }, { ...documentOf(newer), ...versions, region: "eu" }]),
    )
    const stored = Effect.promise(() => store.tokens.findOne({ _id: newer.id }))
    return { ...store, ours, newer, stored, before: yield* stored }
  })

const isNewerSchema = (error: unknown) => {
  assert.instanceOf(error, RepositoryUnavailable)
  assert.instanceOf(error.cause, NewerSchema)
  assert.include(error.cause.message, "newer version of Tokenry")
}

const ids = (tokens: ReadonlyArray<ApiToken>) => tokens.map(({ id }) => id)

describe.skipIf(withoutMongodb)("a document written by a newer version", () => {
  const readable = { schemaVersion: 2, readableFrom: 1 }

  it.effect("is accepted if this version can still read it", () =>
    Effect.gen(function* () {
      const { repository, newer } = yield* sideBySide(readable)
      assert.isTrue(Option.isSome(yield* repository.findByDigest([newer.secrets[0].digest])))
      assert.isTrue(Option.isSome(yield* repository.findById(newer.id)))
    }),
  )

  it.effect("is never replaced, and keeps its unknown fields", () =>
    Effect.gen(function* () {
      const { repository, newer, stored, before } = yield* sideBySide(readable)
      const renamed = newer.rename(named("laptop"), at(1), unattributed)
      isNewerSchema(yield* Effect.flip(repository.replace(renamed, newer.revision)))
      yield* repository.markDelivered(newer.id, newer.revision)
      assert.deepStrictEqual(yield* stored, before)
    }),
  )

  it.effect("makes a bulk revocation fail after it has revoked the others", () =>
    Effect.gen(function* () {
      const { repository, ours, stored, before } = yield* sideBySide(readable)
      isNewerSchema(yield* Effect.flip(repository.revokeOwnedBy(ownedBy, revocation, unattributed)))
      isNewerSchema(yield* Effect.flip(repository.revokeIssuedTo("an app", Option.none(), revocation, unattributed)))
      assert.isTrue(Option.isSome(Option.getOrThrow(yield* repository.findById(ours.id)).revocation))
      assert.deepStrictEqual(yield* stored, before)
    }),
  )

  it.effect("is left to upgraded processes by sweeps that would write it", () =>
    Effect.gen(function* () {
      const { repository, ours } = yield* sideBySide(readable)
      const works = [
        repository.liveCreatedBefore(at(100), at(100)),
        repository.withKey(Option.none()),
        repository.undelivered,
      ]
      for (const work of works) {
        const { result, lines } = yield* withLog(Stream.runCollect(work))
        assert.deepStrictEqual(ids(result), [ours.id])
        assert.deepStrictEqual(
          lines.map(({ level }) => level),
          ["Info"],
        )
      }
      assert.strictEqual((yield* Stream.runCollect(repository.expiringBetween(at(0), at(1000)))).length, 2)
    }),
  )
})

describe.skipIf(withoutMongodb)("a document that this version can't read", () => {
  const unreadable = { schemaVersion: 2, readableFrom: 2 }

  it.effect("is neither accepted nor refused: the store is unavailable for it", () =>
    Effect.gen(function* () {
      const { repository, newer, ours } = yield* sideBySide(unreadable)
      isNewerSchema(yield* Effect.flip(repository.findByDigest([newer.secrets[0].digest])))
      isNewerSchema(yield* Effect.flip(repository.findById(newer.id)))
      isNewerSchema(yield* Effect.flip(repository.findManyById([ours.id, newer.id])))
      const list = { ownedBy, state: "any", now: at(0), after: Option.none(), limit: 9 } as const
      isNewerSchema(yield* Effect.flip(repository.listOwnedBy(list)))
      assert.isTrue(Option.isSome(yield* repository.findByDigest([ours.secrets[0].digest])))
    }),
  )

  it.effect("isn't purged, and others are", () =>
    Effect.gen(function* () {
      const { repository, stored, before } = yield* sideBySide(unreadable)
      assert.strictEqual(yield* repository.purge(at(1000)), 1)
      assert.deepStrictEqual(yield* stored, before)
    }),
  )

  it.effect("is skipped in sweeps", () =>
    Effect.gen(function* () {
      const { repository, ours } = yield* sideBySide(unreadable)
      const found = yield* Stream.runCollect(repository.expiringBetween(at(0), at(1000)))
      assert.deepStrictEqual(ids(found), [ours.id])
    }),
  )
})
