import { assert, describe, it } from "@effect/vitest"
import { DamagedDocument } from "@tokenry/mongodb"
import { Cause, Effect, Option } from "effect"
import { aStore, withoutMongodb } from "./stores.ts"
import { at, aToken, aUsage } from "./tokens.ts"

/** What somebody did to a stored token, and the field that says so. */
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
  [{ $set: { "secrets.0.generation": "1" } }, "secrets.0.generation"],
  [{ $unset: { "secrets.0.retiredAt": 1 } }, "secrets.0.retiredAt"],
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
]

const damaged = (update: object) =>
  Effect.gen(function* () {
    const store = yield* aStore()
    const token = aToken()
    yield* store.repository.insert(token)
    yield* Effect.promise(() => store.tokens.updateOne({ _id: token.id }, update))
    return { ...store, token }
  })

const isDefect = (id: string, field: string, digest: string) => (cause: Cause.Cause<unknown>) => {
  const [reason] = cause.reasons
  assert.strictEqual(reason?._tag, "Die")
  const defect = reason?._tag === "Die" ? reason.defect : undefined
  assert.instanceOf(defect, DamagedDocument)
  assert.deepInclude({ ...defect }, { id, field })
  assert.include(defect.message, id)
  assert.notInclude(Cause.pretty(cause), digest)
}

describe.skipIf(withoutMongodb)("a document that is not what was stored", () => {
  it.effect.each(damages)("is a defect for a verify: %j", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, token } = yield* damaged(update)
      const { digest } = token.secrets[0]
      const check = isDefect(token.id, field, digest.hex)
      check(yield* Effect.flip(Effect.sandbox(repository.findByDigest([digest]))))
      check(yield* Effect.flip(Effect.sandbox(repository.findById(token.id))))
    }),
  )

  it.effect.each(wholeOnly)("is a defect for whoever reads all of it: %j", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, token } = yield* damaged(update)
      const check = isDefect(token.id, field, token.secrets[0].digest.hex)
      check(yield* Effect.flip(Effect.sandbox(repository.findById(token.id))))
    }),
  )

  it.effect("leaves the other tokens alone", () =>
    Effect.gen(function* () {
      const { repository } = yield* damaged({ $unset: { expiresAt: 1 } })
      const other = aToken()
      yield* repository.insert(other)
      assert.isTrue(Option.isSome(yield* repository.findByDigest([other.secrets[0].digest])))
      assert.strictEqual(yield* repository.revokeOwnedBy(other.ownedBy, { at: at(1), reason: "r" }, by), 2)
    }),
  )
})

describe.skipIf(withoutMongodb)("recorded uses that are not what was stored", () => {
  it.effect.each([
    [{ $set: { count: "3" } }, "count"],
    [{ $unset: { lastUsedAt: 1 } }, "lastUsedAt"],
    [{ $set: { "scopes.a": "yesterday" } }, "scopes.a"],
    [{ $unset: { scopes: 1 } }, "scopes"],
  ] as const)("are a defect that names the document: %j", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, usage, usages } = yield* aStore()
      const token = aToken()
      yield* repository.insert(token)
      yield* usage.record([aUsage(token.id)])
      yield* Effect.promise(() => usages.updateOne({ _id: `${token.id}/1` }, update))
      const check = isDefect(`${token.id}/1`, field, token.secrets[0].digest.hex)
      check(yield* Effect.flip(Effect.sandbox(usage.usageOf([token.id]))))
    }),
  )
})

const by = { actor: { kind: "system" }, origin: {} } as const
