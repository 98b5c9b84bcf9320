/** Background work when something fails once, or when too much is queued. */
import { expect, it } from "@effect/vitest"
import {
  type ApiToken,
  ApiTokens,
  AuditSink,
  KeyRing,
  MemoryRepository,
  RepositoryUnavailable,
  RevisionConflict,
  TokenFormat,
  TokenPolicy,
} from "@tokenry/core"
import { ApiTokenRepository, type KeyId } from "@tokenry/core/adapter"
import { aSecret } from "@tokenry/repository-contract/tokens"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { anApiToken, at, day, digestOf } from "./builders.ts"
import { memoryBut } from "./repositories.ts"
import { issue, settled, stored, verdictOn, world } from "./world.ts"

const insertAll = (tokens: ReadonlyArray<ApiToken>) =>
  ApiTokenRepository.use((repository) => Effect.forEach(tokens, (token) => repository.insert(token), { discard: true }))

it.effect("one outage doesn't end all sweeping", () => {
  let outages = 1
  const stores = memoryBut((repository) => ({
    purge: (diedBefore) =>
      outages-- > 0
        ? Effect.fail(new RepositoryUnavailable({ operation: "purge", cause: undefined }))
        : repository.purge(diedBefore),
  }))
  return Effect.gen(function* () {
    const { plaintext } = yield* issue({ expiresIn: "1 hour" })
    yield* TestClock.adjust("2 days")
    yield* settled
    expect(yield* verdictOn(plaintext)).toBe("Expired")
    yield* TestClock.adjust("2 days")
    yield* settled
    expect(yield* verdictOn(plaintext)).toBe("Unknown")
  }).pipe(Effect.provide(world({ sweeps: { every: "2 days", purgeDeadFor: "1 hour" } }, undefined, stores)))
})

const keyRing = KeyRing.make({ keys: { old: "0b".repeat(32), new: "0c".repeat(32) }, active: "new" })
const keyed = (keyId: string) => Option.some(keyId as KeyId)

it.effect("a conversion to the key ring retries after a conflict, and continues after a defect", () => {
  const tokens = Array.from({ length: 5 }, () => anApiToken())
  const [conflicting, dying] = tokens
  let conflicts = 3
  let isIll = true
  const stores = memoryBut((repository) => ({
    replace: (token, revision) => {
      if (token.id === conflicting?.id && conflicts-- > 0) return Effect.fail(new RevisionConflict({ id: token.id }))
      if (token.id === dying?.id && isIll) return Effect.die("a bug")
      return repository.replace(token, revision)
    },
  }))
  return Effect.gen(function* () {
    yield* insertAll(tokens)
    yield* Effect.gen(function* () {
      yield* settled
      const keyIds = yield* Effect.forEach(tokens, ({ id }) =>
        Effect.map(stored(id), ({ secrets }) => secrets[0].keyId),
      )
      expect(keyIds).toEqual(tokens.map((token) => (token === dying ? Option.none() : keyed("new"))))
      isIll = false
      yield* TestClock.adjust("30 seconds")
      expect((yield* stored(dying?.id ?? anApiToken().id)).secrets[0].keyId).toEqual(keyed("new"))
    }).pipe(Effect.provide(world({ keyRing }, undefined, stores)))
  }).pipe(Effect.provide(stores))
})

it.effect(
  "when a secret moves to the active key, retired ones of that key are remembered, and those of others are not",
  () =>
    Effect.gen(function* () {
      const { plaintext, token } = yield* Effect.provide(
        issue(),
        world({ keyRing: KeyRing.make({ keys: { old: "0b".repeat(32) }, active: "old" }) }),
      )
      const [active] = token.secrets
      const retired = { _tag: "Retired", at: at(0) } as const
      const repository = yield* ApiTokenRepository
      const older = [
        aSecret({ generation: 2, keyId: keyed("new"), state: retired }),
        aSecret({ generation: 1, keyId: keyed("old"), state: retired }),
      ]
      yield* repository.replace(
        anApiToken({ ...token, secrets: [{ ...active, generation: 3 }, ...older], revision: 2 }),
        1,
      )
      yield* Effect.gen(function* () {
        expect(yield* verdictOn(plaintext)).toBe("accepted")
        yield* settled
        const { secrets } = yield* stored(token.id)
        expect(secrets.map(({ generation, keyId }) => [generation, Option.getOrNull(keyId)])).toEqual([
          [3, "new"],
          [2, "new"],
        ])
      }).pipe(Effect.provide(world({ keyRing })))
    }).pipe(Effect.provide(MemoryRepository.layer)),
)

it.effect("a retired secret presented while the queue is full is handled when it is presented again", () => {
  const format = TokenFormat.checksummed({ prefix: "tok" })
  const plaintextOf = (index: number) =>
    format.make(Uint8Array.from({ length: 64 }, (_, byte) => (index >> (byte % 12)) & 1)) ?? ""
  const plaintexts = Array.from({ length: 1003 }, (_, index) => plaintextOf(index))
  const retired = { _tag: "Retired", at: at(0) } as const
  const gate = Deferred.makeUnsafe<void>()
  const stores = memoryBut((repository) => ({
    findById: (id) => Effect.andThen(Deferred.await(gate), repository.findById(id)),
  }))
  return Effect.gen(function* () {
    const tokens = plaintexts.map((plaintext) =>
      anApiToken({
        secrets: [aSecret({ generation: 2 }), aSecret({ digest: digestOf(plaintext), state: retired })],
      }),
    )
    yield* insertAll(tokens)
    yield* TestClock.setTime(day)
    for (const plaintext of plaintexts) expect(yield* verdictOn(plaintext)).toBe("Retired")
    yield* Deferred.succeed(gate, undefined)
    const revoked = Effect.map(
      Effect.forEach(tokens, ({ id }) => stored(id)),
      (all) => all.filter(({ revocation }) => Option.isSome(revocation)).length,
    )
    for (let turn = 0; turn < 100; turn++) yield* settled
    expect(yield* revoked).toBeLessThan(plaintexts.length)
    for (const plaintext of plaintexts.slice(-5)) yield* verdictOn(plaintext)
    for (let turn = 0; turn < 20; turn++) yield* settled
    expect(yield* revoked).toBe(plaintexts.length)
  }).pipe(Effect.provide(world({ format, policy: TokenPolicy.make({ onReuse: "revoke" }) }, undefined, stores)))
})

it.effect("a search for undelivered changes gives up after ten failures of the sink, until the next search", () => {
  let calls = 0
  const sink = AuditSink.layerFrom(() => {
    calls += 1
    throw new Error("the queue is full")
  })
  return Effect.gen(function* () {
    yield* insertAll(Array.from({ length: 30 }, () => anApiToken()))
    yield* TestClock.adjust("1 hour")
    yield* Effect.gen(function* () {
      yield* settled
      expect(calls).toBe(10)
      yield* TestClock.adjust("1 minute")
      expect(calls).toBe(20)
    }).pipe(Effect.provide(world({}, sink)))
  }).pipe(Effect.provide(MemoryRepository.layer))
})

it.effect("an older timestamp never overwrites a newer one in the usage record", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue()
    for (const milliseconds of [5000, 7000, 6000]) {
      yield* TestClock.setTime(milliseconds)
      yield* tokens.verify(plaintext, { scopes: ["treasure:read"] })
    }
    yield* TestClock.setTime(day)
    const [usage] = Option.getOrThrow(yield* tokens.usageOf([token]))
    expect(usage).toMatchObject({
      lastUsedAt: Option.some(at(7000)),
      scopes: new Map([["treasure:read", at(7000)]]),
    })
  }).pipe(Effect.provide(world())),
)
