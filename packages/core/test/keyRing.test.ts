import { createHmac, hash } from "node:crypto"
import { inspect } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { ApiTokens, KeyRing, MemoryRepository } from "@tokenry/core"
import {
  ApiTokenRepository,
  Digest,
  type Replacement,
  replacingMany,
  type TokenId,
  type TokenName,
  unattributed,
} from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { NodeCrypto } from "@tokenry/core/node"
import { catalogue } from "./builders.ts"
import { callerWith, issue, outcomeOf, settled, stored, verdictOn, world } from "./world.ts"

const keys = { old: "0b".repeat(32), new: new Uint8Array(32).fill(7) }
const ring = (active: keyof typeof keys | null, ...ids: ReadonlyArray<keyof typeof keys>) =>
  KeyRing.make({ keys: Object.fromEntries(ids.map((id) => [id, keys[id]])), active })

/** The stores are built once per test, since layers are shared within it. */
const under = (keyRing?: KeyRing) => world(keyRing === undefined ? {} : { keyRing })

/** Opens a repository that holds digests without a key, which begins their conversion. */
const convertingOn = <E, R>(repository: Layer.Layer<ApiTokenRepository, E, R>) =>
  ApiTokens.layer({ catalogue, keyRing: ring("old", "old") }).pipe(
    Layer.provide(NodeCrypto.layer),
    Layer.provideMerge(repository),
  )

const keyIdsInUse = ApiTokenRepository.use((repository) =>
  Effect.map(repository.keyIdsInUse, (ids) => ids.map(Option.getOrNull)),
)

it.effect("the stored digest is HMAC-SHA-256 of the SHA-256, under the active key", () =>
  Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    const sha256 = hash("sha256", plaintext, "buffer")
    const hmac = createHmac("sha256", Buffer.from(keys.old, "hex")).update(sha256).digest("hex")
    expect(token.secrets[0].keyId).toEqual(Option.some("old"))
    expect(token.secrets[0].digest.hex).toBe(hmac)
    expect(yield* verdictOn(plaintext)).toBe("accepted")
    const repository = yield* ApiTokenRepository
    expect(yield* repository.findByDigest([Digest.fromHex(sha256.toString("hex"))])).toEqual(Option.none())
  }).pipe(Effect.provide(under(ring("old", "old")))),
)

it.effect("turning the ring on converts every stored digest, including retired ones, without the plaintexts", () =>
  Effect.gen(function* () {
    const issued = yield* Effect.forEach(Array.from({ length: 5 }), () => issue())
    const [first] = issued
    const rotated = yield* ApiTokens.use((tokens) => tokens.rotate({ id: first?.token.id ?? "", ownedBy: "user-1" }))
    yield* Effect.gen(function* () {
      yield* settled
      expect(yield* keyIdsInUse).toEqual(["old"])
      for (const { plaintext } of [...issued, rotated]) expect(yield* verdictOn(plaintext)).toBe("accepted")
      expect((yield* stored(rotated.token.id)).history.at(-1)?.kind).toBe("rotated")
    }).pipe(Effect.provide(under(ring("old", "old"))))
    expect(yield* verdictOn(rotated.plaintext)).toBe("Unknown")
  }).pipe(Effect.provide(under())),
)

it.effect("an inactive ring accepts and converts nothing, so all processes can learn the keys first", () =>
  Effect.gen(function* () {
    const { plaintext } = yield* issue()
    const withKeys = yield* Effect.gen(function* () {
      yield* settled
      expect(yield* keyIdsInUse).toEqual([null])
      return yield* issue()
    }).pipe(Effect.provide(under(ring(null, "old"))))
    for (const token of [plaintext, withKeys.plaintext]) expect(yield* verdictOn(token)).toBe("accepted")
    const keyed = yield* Effect.provide(issue(), under(ring("old", "old")))
    expect(yield* Effect.provide(verdictOn(keyed.plaintext), under(ring(null, "old")))).toBe("accepted")
  }).pipe(Effect.provide(under())),
)

it.effect("a verified secret moves to the newest key, after the request", () =>
  Effect.gen(function* () {
    const { plaintext, token } = yield* Effect.provide(issue(), under(ring("old", "old")))
    const unused = yield* Effect.provide(issue(), under(ring("old", "old")))
    yield* Effect.gen(function* () {
      const before = (yield* stored(token.id)).revision
      expect(yield* verdictOn(plaintext)).toBe("accepted")
      expect((yield* stored(token.id)).revision).toBe(before)
      yield* settled
      expect((yield* stored(token.id)).secrets[0].keyId).toEqual(Option.some("new"))
      expect((yield* stored(unused.token.id)).secrets[0].keyId).toEqual(Option.some("old"))
      expect(yield* verdictOn(plaintext)).toBe("accepted")
      expect((yield* callerWith(plaintext)).generation).toBe(1)
    }).pipe(Effect.provide(under(ring("new", "old", "new"))))
    expect(yield* Effect.provide(verdictOn(plaintext), under(ring("old", "old", "new")))).toBe("accepted")
  }).pipe(Effect.provide(MemoryRepository.layer)),
)

it.effect("an old key is no longer needed once every token has been used, including rotated ones", () =>
  Effect.gen(function* () {
    const { token } = yield* Effect.provide(issue(), under(ring("old", "old")))
    const rotated = yield* ApiTokens.use((tokens) =>
      tokens.rotate({ id: token.id, ownedBy: "user-1", graceFor: "0 minutes" }),
    ).pipe(Effect.provide(under(ring("old", "old"))))
    yield* Effect.gen(function* () {
      expect(yield* verdictOn(rotated.plaintext)).toBe("accepted")
      yield* settled
      expect(yield* keyIdsInUse).toEqual(["new"])
    }).pipe(Effect.provide(under(ring("new", "old", "new"))))
    expect(yield* Effect.provide(verdictOn(rotated.plaintext), under(ring("new", "new")))).toBe("accepted")
  }).pipe(Effect.provide(MemoryRepository.layer)),
)

it.effect("opening without a key that stored secrets need fails, and names it", () =>
  Effect.gen(function* () {
    yield* Effect.provide(issue(), under(ring("old", "old")))
    for (const keyRing of [undefined, ring("new", "new")]) {
      const error = yield* Effect.flip(Layer.build(under(keyRing)))
      expect(error).toMatchObject({ _tag: "MissingKeys", ids: ["old"] })
      expect(error.message).toContain("missing from the key ring: old")
    }
    expect(yield* Effect.provide(outcomeOf(issue()), under(ring("new", "old", "new")))).toBe("done")
  }).pipe(Effect.scoped, Effect.provide(MemoryRepository.layer)),
)

it.effect("a conversion interrupted by an outage continues afterwards, and keeps concurrent changes", () => {
  let failures = 2
  const flaky = Layer.effect(
    ApiTokenRepository,
    Effect.map(ApiTokenRepository, (repository) => ({
      ...repository,
      replace: (...[token, revision]: Parameters<typeof repository.replace>) =>
        Effect.suspend(() => {
          failures -= 1
          return failures >= 0 ? Effect.die("the disk is gone") : repository.replace(token, revision)
        }),
    })),
  )
  return Effect.gen(function* () {
    for (let index = 0; index < 3; index++) yield* Effect.provide(issue(), under())
    yield* Effect.gen(function* () {
      yield* settled
      expect(yield* keyIdsInUse).toContain(null)
      yield* TestClock.adjust("2 minutes")
      yield* settled
      expect(yield* keyIdsInUse).toEqual(["old"])
    }).pipe(Effect.provide(convertingOn(flaky)))
  }).pipe(Effect.provide(MemoryRepository.layer))
})

it.effect("a token that changes while its batch is converted keeps the change, and is converted too", () => {
  const renamed: Array<TokenId> = []
  const overtaken = Layer.effect(
    ApiTokenRepository,
    Effect.map(ApiTokenRepository, (repository) => ({
      ...repository,
      replaceMany: Effect.fnUntraced(function* (replacements: ReadonlyArray<Replacement>) {
        for (const { token } of replacements.slice(0, 1)) {
          const current = Option.getOrThrow(yield* repository.findById(token.id))
          const changed = current.rename("renamed" as TokenName, DateTime.makeUnsafe(1), unattributed)
          yield* Effect.orDie(repository.replace(changed, current.revision))
          renamed.push(token.id)
        }
        return yield* replacingMany(repository)(replacements)
      }),
    })),
  )
  return Effect.gen(function* () {
    for (let index = 0; index < 120; index++) yield* Effect.provide(issue(), under())
    yield* Effect.gen(function* () {
      yield* settled
      expect(yield* keyIdsInUse).toEqual(["old"])
      expect(renamed.length).toBe(3)
      for (const id of renamed) {
        const { name, secrets } = yield* stored(id)
        expect([name, Option.getOrNull(secrets[0].keyId)]).toEqual(["renamed", "old"])
      }
    }).pipe(Effect.provide(convertingOn(overtaken)))
  }).pipe(Effect.provide(MemoryRepository.layer))
})

describe("a key ring", () => {
  it.each<[string, Parameters<typeof KeyRing.make>[0]]>([
    ["no key", { keys: {}, active: null }],
    ["a short key", { keys: { a: "00".repeat(31) }, active: "a" }],
    ["a key that isn't hex", { keys: { a: "z".repeat(64) }, active: "a" }],
    ["a key that is missing", { keys: { a: "" }, active: "a" }],
    ["an invalid id", { keys: { "a b": "00".repeat(32) }, active: "a b" }],
    ["a missing active key", { keys: { a: "00".repeat(32) }, active: "b" }],
  ])("is not made of %s", (_, options) => {
    expect(() => KeyRing.make(options)).toThrow(/^KeyRing: /)
  })

  it("doesn't repeat a key that was passed in place of its id", () => {
    const key = "ab".repeat(32)
    expect(() => KeyRing.make({ keys: { [key]: "2026" }, active: null })).toThrow(/^KeyRing: (?!.*abab)/)
  })

  it("doesn't change with the bytes it was made from, and shows none of them", () => {
    const bytes = new Uint8Array(32).fill(9)
    const made = KeyRing.make({ keys: { a: bytes }, active: "a" })
    bytes.fill(0)
    expect(made.keys[0]?.[0]).toBe(9)
    for (const shown of [JSON.stringify(made), inspect(made, { showHidden: true, depth: 9 }), String(made)]) {
      expect(shown).not.toMatch(/9, 9|0909/)
    }
  })
})
