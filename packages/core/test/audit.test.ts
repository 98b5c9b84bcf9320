import { expect, it } from "@effect/vitest"
import { ApiTokens, type AuditEvent, AuditSink, KeyRing, MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { byAlice } from "./builders.ts"
import { issue, settled, world } from "./world.ts"

const own = { ownedBy: "user-1" }

/** A sink that records what it receives, and fails on demand. */
const aSink = () => {
  const received: Array<AuditEvent> = []
  let isAway = false
  const layer = AuditSink.layerFrom((events) => {
    if (isAway) throw new Error("the queue is full")
    received.push(...events)
  })
  return { received, layer, goAway: (away: boolean) => void (isAway = away) }
}

const undelivered = ApiTokenRepository.use(({ undelivered }) => Stream.runCollect(undelivered))

it.effect("the sink receives every change once, with actor and origin, in order", () => {
  const { received, layer } = aSink()
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* issue({ by: byAlice })
    const request = { ...own, id: token.id, by: byAlice }
    yield* tokens.edit({ ...request, name: "laptop" })
    yield* tokens.rotate(request)
    yield* tokens.endGrace(request)
    yield* tokens.revoke({ ...request, reason: "lost" })
    yield* settled
    yield* TestClock.adjust("1 hour")
    expect(new Set(received.map(({ kind }) => kind))).toEqual(
      new Set(["issued", "renamed", "rotated", "grace-ended", "revoked"]),
    )
    for (const event of received) expect(event).toMatchObject({ tokenId: token.id, ownedBy: "user-1", ...byAlice })
    expect(yield* undelivered).toEqual([])
  }).pipe(Effect.provide(world({}, layer)))
})

it.effect("a change is delivered even if the token's holder alters its history at once", () => {
  const { received, layer } = aSink()
  return Effect.gen(function* () {
    const { token } = yield* issue()
    ;(token.history as Array<unknown>).length = 0
    yield* settled
    expect(received.map(({ kind }) => kind)).toEqual(["issued"])
  }).pipe(Effect.provide(world({}, layer)))
})

it.effect("changes of many tokens at once are delivered too", () => {
  const { received, layer } = aSink()
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    for (let index = 0; index < 3; index++) yield* issue()
    yield* settled
    received.length = 0
    yield* tokens.revokeOwnedBy({ ...own, by: byAlice })
    yield* settled
    expect(received.map(({ kind }) => kind)).toEqual(["revoked", "revoked", "revoked"])
  }).pipe(Effect.provide(world({}, layer)))
})

it.effect("changes made during an outage of the sink are delivered afterwards", () => {
  const { received, layer, goAway } = aSink()
  return Effect.gen(function* () {
    goAway(true)
    const { token } = yield* issue()
    yield* ApiTokens.use((tokens) => tokens.edit({ ...own, id: token.id, name: "laptop" }))
    yield* TestClock.adjust("10 minutes")
    expect(received).toEqual([])
    goAway(false)
    yield* TestClock.adjust("1 minute")
    expect(received.map(({ kind }) => kind)).toEqual(["issued", "renamed"])
    yield* TestClock.adjust("1 hour")
    expect(received).toHaveLength(2)
  }).pipe(Effect.provide(world({}, layer)))
})

it.effect("changes that a dead process didn't deliver are delivered by the next one", () => {
  const { received, layer } = aSink()
  return Effect.gen(function* () {
    yield* Effect.provide(issue(), world())
    yield* TestClock.adjust("1 minute")
    yield* Effect.gen(function* () {
      yield* settled
      expect(received.map(({ kind }) => kind)).toEqual(["issued"])
    }).pipe(Effect.provide(world({}, layer)))
  }).pipe(Effect.provide(MemoryRepository.layer))
})

it.effect("closing delivers pending changes", () => {
  const { received, layer } = aSink()
  return Effect.gen(function* () {
    yield* Effect.provide(issue(), world({}, layer))
    expect(received.map(({ kind }) => kind)).toEqual(["issued"])
  })
})

it.effect("a change whose confirmation is lost is delivered again", () => {
  const { received, layer } = aSink()
  const confirmations: Array<string> = []
  const stores = Layer.effect(
    ApiTokenRepository,
    Effect.map(ApiTokenRepository, (repository) => ({
      ...repository,
      markDelivered: (...[id, revision]: Parameters<typeof repository.markDelivered>) =>
        Effect.suspend(() =>
          confirmations.push(id) === 1 ? Effect.die("the process is gone") : repository.markDelivered(id, revision),
        ),
    })),
  ).pipe(Layer.provideMerge(MemoryRepository.layer))
  return Effect.gen(function* () {
    yield* issue()
    yield* settled
    yield* TestClock.adjust("2 minutes")
    expect(received.map(({ kind }) => kind)).toEqual(["issued", "issued"])
    expect(received[0]).toEqual(received[1])
  }).pipe(Effect.provide(world({}, layer, stores)))
})

it.effect.each<[string, () => Effect.Effect<never>]>([
  ["dies", () => Effect.die("a bug")],
  [
    "throws before there is an effect",
    () => {
      throw new Error("a bug")
    },
  ],
  ["never answers", () => Effect.never],
])("a sink that %s loses no change, and no plaintext", ([, fail]) => {
  const received: Array<string> = []
  let isIll = true
  const sink = Layer.succeed(AuditSink, {
    deliver: (events) => (isIll ? fail() : Effect.sync(() => void received.push(...events.map(({ kind }) => kind)))),
  })
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    expect(plaintext).toMatch(/^tok_/)
    yield* TestClock.adjust("10 minutes")
    isIll = false
    yield* TestClock.adjust("10 minutes")
    expect(received).toEqual(["issued"])
  }).pipe(Effect.provide(world({}, sink)))
})

it.effect("if the sink refuses one token's changes, it still receives the others'", () => {
  const received: Array<string> = []
  const layer = AuditSink.layerFrom((events) => {
    if (events.some(({ name }) => name === "1")) throw new Error("this one is not liked")
    received.push(...events.map(({ name }) => name))
  })
  return Effect.gen(function* () {
    for (let index = 0; index < 5; index++) yield* Effect.provide(issue({ name: String(index) }), world())
    yield* TestClock.adjust("1 minute")
    yield* Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      expect(received.toSorted()).toEqual(["0", "2", "3", "4"])
    }).pipe(Effect.provide(world({}, layer)))
  }).pipe(Effect.provide(MemoryRepository.layer))
})

it.effect("nothing is purged before the sink has received it", () => {
  const { received, layer, goAway } = aSink()
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    yield* issue({ expiresIn: "10 minutes" })
    yield* TestClock.adjust("1 hour")
    goAway(true)
    yield* tokens.revokeOwnedBy(own)
    expect((yield* Effect.flip(tokens.purge({ deadFor: "30 minutes" })))._tag).toBe("AuditSinkUnavailable")
    goAway(false)
    expect(yield* tokens.purge({ deadFor: "30 minutes" })).toBe(1)
    expect(received.map(({ kind }) => kind)).toEqual(["issued", "revoked"])
  }).pipe(Effect.provide(world({}, layer)))
})

it.effect("a change that people can't see isn't delivered", () => {
  let calls = 0
  const layer = AuditSink.layerFrom(() => void (calls += 1))
  const keyRing = KeyRing.make({ keys: { a: "0a".repeat(32) }, active: "a" })
  return Effect.gen(function* () {
    yield* Effect.provide(issue(), world({}, layer))
    expect(calls).toBe(1)
    yield* Effect.provide(TestClock.adjust("10 minutes"), world({ keyRing }, layer))
    expect(calls).toBe(1)
  }).pipe(Effect.provide(MemoryRepository.layer))
})
