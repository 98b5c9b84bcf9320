import { assert, describe, it } from "@effect/vitest"
import type { SecretUsage, TokenUsageStore } from "@tokenry/core/adapter"
import { anId, at, aToken, aUse } from "@tokenry/repository-contract/tokens"
import type * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { aStore, withoutMongodb } from "./stores.ts"

const filled = Effect.gen(function* () {
  const store = yield* aStore()
  const token = aToken()
  yield* store.repository.insert(token)
  return { ...store, token }
})

const oneOf = (usages: ReadonlyArray<SecretUsage>): SecretUsage => {
  const [usage] = usages
  if (usage === undefined || usages.length !== 1) throw new Error(`One was expected, not ${usages.length}`)
  return usage
}

const defectOf = (cause: Cause.Cause<unknown>): unknown => {
  const [reason] = cause.reasons
  return reason?._tag === "Die" ? reason.defect : undefined
}

describe.skipIf(withoutMongodb)("recorded uses", () => {
  const usages: Readonly<Record<string, Partial<SecretUsage>>> = {
    "of a secret that was used": { count: 3, lastUsedAt: Option.some(at(123)) },
    "of a retired secret": {
      count: 0,
      lastUsedAt: Option.none(),
      reuses: 2,
      lastReusedAt: Option.some(at(7)),
      generation: 12,
    },
    "with scopes whose names are special elsewhere": {
      scopes: new Map(
        [
          "treasure:read",
          "a.b",
          ".",
          "..",
          "$where",
          "a$b",
          "$",
          "__proto__",
          "constructor",
          "_id",
          "0",
          "%",
          "%2e",
        ].map((scope, index) => [scope, at(index)]),
      ),
    },
    "from before the epoch": { lastUsedAt: Option.some(DateTime.makeUnsafe(-123)) },
  }

  it.effect("never become field names with a meaning in MongoDB or JavaScript", () =>
    Effect.gen(function* () {
      const { usage, usages: stored, token } = yield* filled
      for (const fields of Object.values(usages)) yield* usage.record([aUse({ tokenId: token.id, ...fields })])
      const documents = yield* Effect.promise(() => stored.find().toArray())
      const names = documents.flatMap(({ scopes }) => Object.getOwnPropertyNames(scopes))
      assert.isAtLeast(names.length, 10)
      for (const name of names) assert.notMatch(name, /^_|[.$]/)
    }),
  )

  it.effect.each(Object.entries(usages))("%s come back unchanged", ([, fields]) =>
    Effect.gen(function* () {
      const { usage, token } = yield* filled
      yield* usage.record([aUse({ tokenId: token.id, ...fields })])
      assert.deepStrictEqual(yield* usage.usageOf([token.id, anId()]), [aUse({ tokenId: token.id, ...fields })])
    }),
  )

  it.effect("are summed, and the latest instants are kept, in any order", () =>
    Effect.gen(function* () {
      const { usage, token } = yield* filled
      const parts = [
        aUse({ tokenId: token.id, count: 2, lastUsedAt: Option.some(at(20)), scopes: new Map([["a", at(20)]]) }),
        aUse({ tokenId: token.id, count: 0, lastUsedAt: Option.none(), reuses: 1, lastReusedAt: Option.some(at(5)) }),
        aUse({
          tokenId: token.id,
          count: 3,
          lastUsedAt: Option.some(at(10)),
          scopes: new Map([
            ["a", at(10)],
            ["b", at(10)],
          ]),
        }),
        aUse({ tokenId: token.id, reuses: 1, lastReusedAt: Option.some(at(4)) }),
      ]
      for (const part of parts) yield* usage.record([part])
      yield* usage.record(parts.toReversed())
      assert.deepStrictEqual(oneOf(yield* usage.usageOf([token.id])), {
        tokenId: token.id,
        generation: 1,
        count: 12,
        lastUsedAt: Option.some(at(20)),
        scopes: new Map([
          ["a", at(20)],
          ["b", at(10)],
        ]),
        reuses: 4,
        lastReusedAt: Option.some(at(5)),
      })
    }),
  )

  it.effect("are kept for each secret, even for more than are written at once", () =>
    Effect.gen(function* () {
      const { usage, token } = yield* filled
      const generations = Array.from({ length: 60 }, (_, index) => index + 1)
      yield* usage.record(generations.map((generation) => aUse({ tokenId: token.id, generation, count: generation })))
      const found = (yield* usage.usageOf([token.id])).map(({ generation, count }) => [generation, count] as const)
      assert.deepStrictEqual(new Map(found), new Map(generations.map((generation) => [generation, generation])))
    }),
  )

  it.effect("of a missing token are ignored, and others are recorded", () =>
    Effect.gen(function* () {
      const { usage, usages, token } = yield* filled
      yield* usage.record([aUse({ tokenId: anId() }), aUse({ tokenId: token.id }), aUse({ tokenId: anId() })])
      assert.deepStrictEqual(yield* Effect.promise(() => usages.distinct("tokenId")), [token.id as string])
    }),
  )

  it.effect("of no tokens send nothing", () =>
    Effect.gen(function* () {
      const { usage, database } = yield* aStore({}, { monitorCommands: true })
      const commands: Array<string> = []
      database.client.on("commandStarted", ({ commandName }) => commands.push(commandName))
      yield* usage.record([])
      assert.deepStrictEqual(yield* usage.usageOf([]), [])
      assert.deepStrictEqual(commands, [])
    }),
  )

  const calls: Readonly<Record<string, (usage: TokenUsageStore["Service"]) => Effect.Effect<unknown, unknown>>> = {
    "record without an id": ({ record }) => record([aUse({ tokenId: undefined as never })]),
    "record of an object": ({ record }) => record([aUse({ tokenId: { $ne: "" } as never })]),
    "usageOf with a missing id": ({ usageOf }) => usageOf([undefined as never]),
    "begin without an instant": ({ begin }) => begin(undefined as never),
  }

  it.effect.each(Object.entries(calls))("%s is a defect", ([, call]) =>
    Effect.gen(function* () {
      const { usage } = yield* aStore()
      assert.instanceOf(defectOf(yield* Effect.flip(Effect.sandbox(call(usage)))), TypeError)
    }),
  )
})
