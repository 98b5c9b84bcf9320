import { assert, describe, it } from "@effect/vitest"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import { MongoRepository } from "@tokenry/mongodb"
import { anId, at, aToken, owner } from "@tokenry/repository-contract/tokens"
import type * as Cause from "effect/Cause"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { aDatabase, aStore, patient, repositoryOf, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

const revocation = { at: at(1), reason: "r" }
const by = { actor: { kind: "system" }, origin: {} } as const
const list = { ownedBy, state: "any", now: at(0), after: Option.none(), limit: 10 } as const

/** What a JavaScript caller may pass. */
const nothing = undefined as never
const invalid = { epochMilliseconds: Number.NaN } as DateTime.Utc

type Call = (repository: ApiTokenRepository["Service"]) => Effect.Effect<unknown, unknown>

const calls: Readonly<Record<string, Call>> = {
  "revokeOwnedBy without an owner": ({ revokeOwnedBy }) => revokeOwnedBy(nothing, revocation, by),
  "revokeOwnedBy of an empty owner": ({ revokeOwnedBy }) => revokeOwnedBy(owner(""), revocation, by),
  "revokeOwnedBy of a null owner": ({ revokeOwnedBy }) => revokeOwnedBy(null as never, revocation, by),
  "revokeOwnedBy of an object": ({ revokeOwnedBy }) => revokeOwnedBy({ $ne: "" } as never, revocation, by),
  "revokeOwnedBy without an instant": ({ revokeOwnedBy }) => revokeOwnedBy(ownedBy, { ...revocation, at: nothing }, by),
  "revokeIssuedTo nobody": ({ revokeIssuedTo }) => revokeIssuedTo(nothing, Option.none(), revocation, by),
  "revokeIssuedTo an empty name": ({ revokeIssuedTo }) => revokeIssuedTo("", Option.none(), revocation, by),
  "revokeIssuedTo of no owner": ({ revokeIssuedTo }) => revokeIssuedTo("x", Option.some(nothing), revocation, by),
  "purge without an instant": ({ purge }) => purge(nothing),
  "purge with an invalid instant": ({ purge }) => purge(invalid),
  "findById without an id": ({ findById }) => findById(nothing),
  "findById of an empty id": ({ findById }) => findById("" as never),
  "findById of an object": ({ findById }) => findById({ $ne: "" } as never),
  "findManyById with a missing id": ({ findManyById }) => findManyById([nothing]),
  "findByDigest of something else": ({ findByDigest }) => findByDigest([{} as never]),
  "listOwnedBy without an owner": ({ listOwnedBy }) => listOwnedBy({ ...list, ownedBy: nothing }),
  "listOwnedBy without an instant": ({ listOwnedBy }) => listOwnedBy({ ...list, state: "live", now: nothing }),
  "listOwnedBy in any state without an instant": ({ listOwnedBy }) => listOwnedBy({ ...list, now: nothing }),
  "listOwnedBy without a limit": ({ listOwnedBy }) => listOwnedBy({ ...list, limit: nothing }),
  "listOwnedBy with the limit 0": ({ listOwnedBy }) => listOwnedBy({ ...list, limit: 0 }),
  "listOwnedBy of an empty lineage": ({ listOwnedBy }) => listOwnedBy({ ...list, lineageOf: "" as never }),
  "listOwnedBy of a null lineage": ({ listOwnedBy }) => listOwnedBy({ ...list, lineageOf: null as never }),
  "markDelivered without an id": ({ markDelivered }) => markDelivered(nothing, 1),
  "markDelivered without a revision": ({ markDelivered }) => markDelivered(anId(), nothing),
  "withKey of an empty key": ({ withKey }) => Stream.runCollect(withKey(Option.some("" as never))),
  "withKey of an object": ({ withKey }) => Stream.runCollect(withKey(Option.some({ $ne: "" } as never))),
  "withKey without a key": ({ withKey }) => Stream.runCollect(withKey(nothing)),
  "countLiveOwnedBy without an owner": ({ countLiveOwnedBy }) => countLiveOwnedBy(nothing, at(0)),
  "countLiveOwnedBy without an instant": ({ countLiveOwnedBy }) => countLiveOwnedBy(ownedBy, nothing),
  "liveCreatedBefore without an instant": ({ liveCreatedBefore }) =>
    Stream.runCollect(liveCreatedBefore(nothing, at(0))),
  "expiringBetween without an end": ({ expiringBetween }) => Stream.runCollect(expiringBetween(at(0), nothing)),
  "replace without a revision": ({ replace }) => replace(aToken({ ownedBy }), nothing),
  "insert without an owner": ({ insert }) => insert(aToken({ ownedBy: nothing })),
  "insert without an id": ({ insert }) => insert(aToken({ ownedBy, id: nothing })),
  "insert without a creation time": ({ insert }) => insert(aToken({ ownedBy, createdAt: nothing })),
}

const defectOf = (cause: Cause.Cause<unknown>): unknown => {
  const [reason] = cause.reasons
  return reason?._tag === "Die" ? reason.defect : undefined
}

describe.skipIf(withoutMongodb)("a missing or empty argument is a defect and changes nothing", () => {
  it.effect.each(Object.entries(calls))("%s", ([, call]) =>
    Effect.gen(function* () {
      const { repository, tokens } = yield* aStore()
      yield* repository.insert(aToken({ ownedBy, issuedTo: Option.some("x"), expiresAt: Option.some(at(-1)) }))
      assert.instanceOf(defectOf(yield* Effect.flip(Effect.sandbox(call(repository)))), TypeError)
      assert.strictEqual(yield* Effect.promise(() => tokens.countDocuments({ revocation: null })), 1)
    }),
  )

  it.effect("even on a client that drops undefined fields from filters", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase({ ignoreUndefined: true })
      const repository = yield* repositoryOf(MongoRepository.layerFrom(database, patient))
      yield* repository.insert(aToken({ ownedBy }))
      for (const call of Object.values(calls)) {
        assert.instanceOf(defectOf(yield* Effect.flip(Effect.sandbox(call(repository)))), TypeError)
      }
      const count = yield* Effect.promise(() => database.collection("api_token").countDocuments({ revocation: null }))
      assert.strictEqual(count, 1)
    }),
  )
})
