import { expect, it } from "@effect/vitest"
import { ApiTokenRepository, ApiTokens, type AuditEvent, AuditSink, MemoryRepository } from "@tokenry/core"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { byAlice } from "./builders.ts"
import { issue, settled, world } from "./world.ts"

const own = { ownedBy: "user-1" }

/** A sink that remembers what it was told, and refuses while it is told to. */
const aSink = () => {
  const told: Array<AuditEvent> = []
  let isAway = false
  const layer = AuditSink.layerFrom((events) => {
    if (isAway) throw new Error("the queue is full")
    told.push(...events)
  })
  return { told, layer, goAway: (away: boolean) => void (isAway = away) }
}

const untold = ApiTokenRepository.use(({ untold }) => Stream.runCollect(untold))

it.effect("the sink is told of every change, once, with actor and origin, in order", () => {
  const { told, layer } = aSink()
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* issue({ by: byAlice })
    const request = { ...own, id: token.id, by: byAlice }
    yield* tokens.rename({ ...request, name: "laptop" })
    yield* tokens.rotate(request)
    yield* tokens.endOverlap(request)
    yield* tokens.revoke({ ...request, reason: "lost" })
    yield* settled
    yield* TestClock.adjust("1 hour")
    expect(new Set(told.map(({ kind }) => kind))).toEqual(
      new Set(["issued", "renamed", "rotated", "overlap-ended", "revoked"]),
    )
    for (const event of told) expect(event).toMatchObject({ tokenId: token.id, ownedBy: "user-1", ...byAlice })
    expect(yield* untold).toEqual([])
  }).pipe(Effect.provide(world({}, layer)))
})

it.effect("changes of many tokens at once are told too", () => {
  const { told, layer } = aSink()
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    for (let index = 0; index < 3; index++) yield* issue()
    yield* settled
    told.length = 0
    yield* tokens.revokeOwnedBy({ ...own, by: byAlice })
    yield* settled
    expect(told.map(({ kind }) => kind)).toEqual(["revoked", "revoked", "revoked"])
  }).pipe(Effect.provide(world({}, layer)))
})

it.effect("what could not be told during an outage of the sink is told when it is over", () => {
  const { told, layer, goAway } = aSink()
  return Effect.gen(function* () {
    goAway(true)
    const { token } = yield* issue()
    yield* ApiTokens.use((tokens) => tokens.rename({ ...own, id: token.id, name: "laptop" }))
    yield* TestClock.adjust("10 minutes")
    expect(told).toEqual([])
    goAway(false)
    yield* TestClock.adjust("1 minute")
    expect(told.map(({ kind }) => kind)).toEqual(["issued", "renamed"])
    yield* TestClock.adjust("1 hour")
    expect(told).toHaveLength(2)
  }).pipe(Effect.provide(world({}, layer)))
})

it.effect("what a process that died had not told yet is told by the next", () => {
  const { told, layer } = aSink()
  return Effect.gen(function* () {
    yield* Effect.provide(issue(), world())
    yield* TestClock.adjust("1 minute")
    yield* Effect.gen(function* () {
      yield* settled
      expect(told.map(({ kind }) => kind)).toEqual(["issued"])
    }).pipe(Effect.provide(world({}, layer)))
  }).pipe(Effect.provide(MemoryRepository.layer))
})

it.effect("closing tells what is waiting", () => {
  const { told, layer } = aSink()
  return Effect.gen(function* () {
    yield* Effect.provide(issue(), world({}, layer))
    expect(told.map(({ kind }) => kind)).toEqual(["issued"])
  })
})

it.effect("a change whose confirmation is lost is told again", () => {
  const { told, layer } = aSink()
  const confirmations: Array<string> = []
  const stores = Layer.effect(
    ApiTokenRepository,
    Effect.map(ApiTokenRepository, (repository) => ({
      ...repository,
      markTold: (...[id, revision]: Parameters<typeof repository.markTold>) =>
        Effect.suspend(() =>
          confirmations.push(id) === 1 ? Effect.die("the process is gone") : repository.markTold(id, revision),
        ),
    })),
  ).pipe(Layer.provideMerge(MemoryRepository.layer))
  return Effect.gen(function* () {
    yield* issue()
    yield* settled
    yield* TestClock.adjust("2 minutes")
    expect(told.map(({ kind }) => kind)).toEqual(["issued", "issued"])
    expect(told[0]).toEqual(told[1])
  }).pipe(Effect.provide(world({}, layer, stores)))
})
