import { assert, describe, it } from "@effect/vitest"
import { type ApiToken, DamagedToken } from "@tokenry/core"
import { type KeyId, unattributed } from "@tokenry/core/adapter"
import { documentOf } from "@tokenry/mongodb"
import { anId, aSecret, at, aToken, aUse, named, owner } from "@tokenry/repository-contract/tokens"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type LogLine, withLog } from "./logged.ts"
import { aStore, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

/** Damage to a stored token, and the field that the error names. */
const damages: ReadonlyArray<readonly [update: object, field: string]> = [
  [{ $set: { expiresAt: "2027-01-01T00:00:00Z" } }, "expiresAt"],
  [{ $set: { expiresAt: 1_800_000_000_000 } }, "expiresAt"],
  [{ $unset: { expiresAt: 1 } }, "expiresAt"],
  [{ $unset: { revocation: 1 } }, "revocation"],
  [{ $set: { revocation: true } }, "revocation"],
  [{ $set: { revocation: { reason: "x" } } }, "revocation.at"],
  [{ $set: { ownedBy: 7 } }, "ownedBy"],
  [{ $set: { scopes: "treasure:read" } }, "scopes"],
  [{ $set: { scopes: ["treasure:read", 1] } }, "scopes"],
  [{ $unset: { ancestors: 1 } }, "ancestors"],
  [{ $unset: { boundTo: 1 } }, "boundTo"],
  [{ $set: { boundTo: "any-key" } }, "boundTo"],
  [{ $set: { "secrets.0.generation": "1" } }, "secrets.0.generation"],
  [{ $unset: { "secrets.0.endsAt": 1 } }, "secrets.0.endsAt"],
  [{ $unset: { "secrets.0.state": 1 } }, "secrets.0.state"],
  [{ $set: { "secrets.0.state": "suspended" } }, "secrets.0.state"],
  [{ $set: { "secrets.0.state": "retired" } }, "secrets.0.endsAt"],
  [{ $set: { "secrets.0.endsAt": new Date(0) } }, "secrets.0.endsAt"],
  [{ $unset: { neverExpires: 1 } }, "neverExpires"],
  [{ $set: { expiresAt: new Date(0) } }, "neverExpires"],
  [{ $unset: { readableFrom: 1 } }, "readableFrom"],
]

const wholeOnly: ReadonlyArray<readonly [update: object, field: string]> = [
  [{ $set: { createdAt: "yesterday" } }, "createdAt"],
  [{ $unset: { name: 1 } }, "name"],
  [{ $set: { revision: 1.5 } }, "revision"],
  [{ $set: { undelivered: "1" } }, "undelivered"],
  [{ $set: { undelivered: -1 } }, "undelivered"],
  [{ $set: { undelivered: null } }, "undelivered"],
  [{ $unset: { history: 1 } }, "history"],
  [{ $set: { "history.0.actor": {} } }, "history.0.actor.kind"],
  [{ $set: { secrets: [] } }, "secrets"],
  [{ $set: { "secrets.0.digest": "abc" } }, "secrets.0.digest"],
  [{ $unset: { schemaVersion: 1 } }, "schemaVersion"],
]

const damaged = (update: object) =>
  Effect.gen(function* () {
    const store = yield* aStore()
    const token = aToken({ ownedBy })
    yield* store.repository.insert(token)
    yield* Effect.promise(() => store.tokens.updateOne({ _id: token.id }, update))
    return { ...store, token }
  })

const isDefect = (id: string, field: string, digest: string) => (cause: Cause.Cause<unknown>) => {
  const [reason] = cause.reasons
  assert.strictEqual(reason?._tag, "Die")
  const defect = reason?._tag === "Die" ? reason.defect : undefined
  assert.instanceOf(defect, DamagedToken)
  assert.deepInclude({ ...defect }, { id, field })
  assert.include(defect.message, id)
  assert.notInclude(Cause.pretty(cause), digest)
}

describe.skipIf(withoutMongodb)("a document that someone changed by hand", () => {
  it.effect.each(damages)("is a defect for a verify: %j", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, token } = yield* damaged(update)
      const { digest } = token.secrets[0]
      const check = isDefect(token.id, field, digest.hex)
      check(yield* Effect.flip(Effect.sandbox(repository.findByDigest([digest]))))
      check(yield* Effect.flip(Effect.sandbox(repository.findById(token.id))))
    }),
  )

  it.effect.each(wholeOnly)("is a defect when the whole document is read: %j", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, token } = yield* damaged(update)
      const check = isDefect(token.id, field, token.secrets[0].digest.hex)
      check(yield* Effect.flip(Effect.sandbox(repository.findById(token.id))))
    }),
  )

  it.effect.each([
    [{ $set: { revision: "1" } }, "revision"],
    [{ $set: { scopes: "treasure:read" } }, "scopes"],
    [{ $unset: { expiresAt: 1 } }, "expiresAt"],
    [{ $unset: { revocation: 1 } }, "revocation"],
    [{ $unset: { issuedTo: 1 } }, "issuedTo"],
    [{ $unset: { boundTo: 1 } }, "boundTo"],
  ] as const)("is a defect for a replace that read it before it was damaged: %j", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, token } = yield* damaged(update)
      const renamed = token.rename(named("laptop"), at(1), unattributed)
      const cause = yield* Effect.flip(Effect.sandbox(repository.replace(renamed, token.revision)))
      isDefect(token.id, field, token.secrets[0].digest.hex)(cause)
    }),
  )
})

const ofLine = ({ level, annotations }: LogLine) => [level, annotations["id"], annotations["field"]]

/** Five tokens of one owner that every kind of query finds, the middle one damaged. */
const oneDamaged = (update: object) =>
  Effect.gen(function* () {
    const store = yield* aStore()
    const tokens = Array.from({ length: 5 }, (_, index) =>
      aToken({
        ownedBy,
        createdAt: at(index),
        expiresAt: Option.some(at(1000 + index)),
        issuedTo: Option.some("an app"),
      }),
    )
    yield* Effect.promise(() => store.tokens.insertMany(tokens.map((token) => ({ ...documentOf(token) }))))
    const victim = tokens[2] as ApiToken
    yield* Effect.promise(() => store.tokens.updateOne({ _id: victim.id }, update))
    const others = tokens.filter((token) => token !== victim)
    return { ...store, victim, others, idsOfOthers: others.map(({ id }) => id as string) }
  })

const idsOf = (tokens: ReadonlyArray<ApiToken>) => tokens.map(({ id }) => id as string)

describe.skipIf(withoutMongodb)("one damaged document among others", () => {
  const unset = { $unset: { expiresAt: 1 } }

  it.effect("is skipped in lists and logged, and pages stay full", () =>
    Effect.gen(function* () {
      const { repository, victim, idsOfOthers } = yield* oneDamaged(unset)
      const list = { ownedBy, state: "any", now: at(0) } as const
      const { result: first, lines } = yield* withLog(
        repository.listOwnedBy({ ...list, after: Option.none(), limit: 3 }),
      )
      assert.deepStrictEqual(lines.map(ofLine), [["Warn", victim.id, "expiresAt"]])
      const second = yield* repository.listOwnedBy({ ...list, after: Option.fromUndefinedOr(first.at(-1)), limit: 3 })
      assert.deepStrictEqual([first.length, second.length], [3, 1])
      assert.deepStrictEqual(idsOf([...first, ...second]), idsOfOthers.toReversed())
      const live = yield* repository.listOwnedBy({ ...list, state: "live", after: Option.none(), limit: 9 })
      assert.deepStrictEqual(idsOf(live), idsOfOthers.toReversed())
      assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(0)), 4)
    }),
  )

  it.effect.each([{ $set: { createdAt: "yesterday" } }, { $unset: { createdAt: 1 } }, { $unset: { history: 1 } }])(
    "is skipped in lists wherever it sorts: %j",
    (update) =>
      Effect.gen(function* () {
        const { repository, idsOfOthers } = yield* oneDamaged(update)
        const list = { ownedBy, state: "any", now: at(0), after: Option.none() } as const
        for (const limit of [4, 5, 9]) {
          assert.deepStrictEqual(idsOf(yield* repository.listOwnedBy({ ...list, limit })), idsOfOthers.toReversed())
        }
      }),
  )

  it.effect.each([unset, { $set: { scopes: "x" } }, { $unset: { history: 1 } }])(
    "is skipped in every stream and logged, and the others come: %j",
    (update) =>
      Effect.gen(function* () {
        const { repository, idsOfOthers, victim } = yield* oneDamaged(update)
        const streams = [
          repository.liveCreatedBefore(at(100), at(100)),
          repository.expiringBetween(at(0), at(5000)),
          repository.withKey(Option.none()),
          repository.undelivered,
        ]
        for (const stream of streams) {
          const { result, lines } = yield* withLog(Stream.runCollect(stream))
          assert.deepStrictEqual(idsOf(result).toSorted(), idsOfOthers.toSorted())
          for (const line of lines) assert.deepStrictEqual(ofLine(line).slice(0, 2), ["Warn", victim.id])
        }
      }),
  )

  it.effect("doesn't end a stream when it is last in a batch", () =>
    Effect.gen(function* () {
      const { repository, tokens } = yield* aStore()
      const many = Array.from({ length: 250 }, (_, index) => aToken({ ownedBy, createdAt: at(index) }))
      yield* Effect.promise(() => tokens.insertMany(many.map((token) => ({ ...documentOf(token) }))))
      const damagedIds = [99, 100, 199].map((index) => many[index]?.id as string)
      yield* Effect.promise(() => tokens.updateMany({ _id: { $in: damagedIds } }, { $unset: { name: 1 } }))
      const found = yield* Stream.runCollect(repository.liveCreatedBefore(at(1000), at(1000)))
      assert.strictEqual(found.length, 247)
    }),
  )

  it.effect.each([unset, { $set: { scopes: "x" } }, { $set: { revision: "x" } }, { $unset: { history: 1 } }])(
    "doesn't stop the others from being revoked: %j",
    (update) =>
      Effect.gen(function* () {
        const { repository, others, victim } = yield* oneDamaged(update)
        const revocation = { at: at(1), reason: "r" }
        yield* repository.revokeOwnedBy(ownedBy, revocation, unattributed)
        for (const { id } of others) {
          assert.isTrue(Option.isSome(Option.getOrThrow(yield* repository.findById(id)).revocation))
        }
        assert.strictEqual(yield* repository.revokeIssuedTo("an app", Option.none(), revocation, unattributed), 0)
        assert.strictEqual((yield* Effect.exit(repository.findById(victim.id)))._tag, "Failure")
      }),
  )

  it.effect("is revoked with the others if possible, so a repair doesn't revive it", () =>
    Effect.gen(function* () {
      const { repository, victim, tokens } = yield* oneDamaged(unset)
      const revocation = { at: at(1), reason: "r" }
      assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, revocation, unattributed), 5)
      yield* Effect.promise(() => tokens.updateOne({ _id: victim.id }, { $set: { expiresAt: new Date() } }))
      assert.isTrue(Option.isSome(Option.getOrThrow(yield* repository.findById(victim.id)).revocation))
    }),
  )

  it.effect("is logged if it can't be revoked", () =>
    Effect.gen(function* () {
      const { repository, victim } = yield* oneDamaged({ $unset: { history: 1 } })
      const revoke = repository.revokeOwnedBy(ownedBy, { at: at(1), reason: "r" }, unattributed)
      const { result, lines } = yield* withLog(revoke)
      assert.strictEqual(result, 4)
      assert.deepStrictEqual(lines.map(ofLine), [["Warn", victim.id, "history"]])
    }),
  )

  it.effect("doesn't stop the others from being purged, or their keys from being found", () =>
    Effect.gen(function* () {
      const { repository, tokens } = yield* oneDamaged(unset)
      const keyId = Option.some("key-1" as KeyId)
      yield* repository.insert(aToken({ ownedBy, secrets: [aSecret({ keyId })] }))
      yield* Effect.promise(() => tokens.insertOne({ _id: "no token", secrets: "none" }))
      assert.deepStrictEqual(yield* repository.keyIdsInUse, [Option.none(), keyId])
      assert.strictEqual(yield* repository.purge(at(2000)), 4)
    }),
  )
})

describe.skipIf(withoutMongodb)("damaged usage", () => {
  const damages = [
    [{ $set: { count: "3" } }, "usage.1.count"],
    [{ $unset: { lastUsedAt: 1 } }, "usage.1.lastUsedAt"],
    [{ $set: { "scopes.a": "yesterday" } }, "usage.1.scopes.a"],
    [{ $unset: { scopes: 1 } }, "usage.1.scopes"],
  ] as const

  it.effect.each(damages)("counts as a use just now and is logged, and other usage is intact: %j", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, usage, usages } = yield* aStore()
      const [token, other] = [aToken({ ownedBy }), aToken({ ownedBy })]
      for (const each of [token, other]) yield* repository.insert(each)
      yield* usage.record([aUse({ tokenId: token.id }), aUse({ tokenId: other.id })])
      yield* Effect.promise(() => usages.updateOne({ _id: `${token.id}/1` }, update))
      const { result, lines } = yield* withLog(usage.usageOf([token.id, other.id]))
      assert.deepStrictEqual(lines.map(ofLine), [["Warn", token.id, field]])
      const lastUses = new Map(result.map(({ tokenId, lastUsedAt }) => [tokenId, lastUsedAt]))
      assert.deepStrictEqual(lastUses.get(token.id), Option.some(yield* DateTime.now))
      assert.deepStrictEqual(lastUses.get(other.id), Option.some(at(0)))
    }),
  )

  it.effect.each([{ $set: { count: "3" } }, { $unset: { scopes: 1 } }, { $set: { reuses: null } }] as const)(
    "doesn't stop other usage from being recorded: %j",
    (update) =>
      Effect.gen(function* () {
        const { repository, usage, usages } = yield* aStore()
        const [token, other] = [aToken({ ownedBy }), aToken({ ownedBy })]
        for (const each of [token, other]) yield* repository.insert(each)
        yield* usage.record([aUse({ tokenId: token.id })])
        yield* Effect.promise(() => usages.updateOne({ _id: `${token.id}/1` }, update))
        const { lines } = yield* withLog(
          usage.record([aUse({ tokenId: token.id }), aUse({ tokenId: other.id }), aUse({ tokenId: anId() })]),
        )
        assert.deepStrictEqual(lines.map(ofLine), [["Warn", token.id, "usage.1"]])
        assert.strictEqual((yield* usage.usageOf([other.id]))[0]?.count, 1)
      }),
  )
})
