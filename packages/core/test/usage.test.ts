import { expect, it } from "@effect/vitest"
import { ApiTokens, type ApiTokensOptions, InvalidInput, MemoryRepository, RepositoryUnavailable } from "@tokenry/core"
import { type SecretUsage, TokenUsageStore } from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { at, hour } from "./builders.ts"
import { issue, settled, verdictOn, world } from "./world.ts"

const minute = 60_000

/** What was written, call by call. */
class Written extends Context.Service<Written, Array<ReadonlyArray<SecretUsage>>>()("test/Written") {}

/** Memory stores that record writes of uses, which fail while `isAway` is true. */
const observed = (isAway: () => boolean = () => false) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const store = yield* TokenUsageStore
      const written: Array<ReadonlyArray<SecretUsage>> = []
      return Context.make(Written, written).pipe(
        Context.add(TokenUsageStore, {
          ...store,
          record: (usages) =>
            Effect.suspend(() => {
              if (isAway()) return Effect.fail(new RepositoryUnavailable({ operation: "record", cause: undefined }))
              written.push(usages)
              return store.record(usages)
            }),
        }),
      )
    }),
  ).pipe(Layer.provideMerge(MemoryRepository.layer))

const observedWorld = (options: Partial<ApiTokensOptions> = {}, isAway?: () => boolean) => {
  const stores = observed(isAway)
  return world(options, undefined, stores).pipe(Layer.provideMerge(stores))
}

const usageOf = (token: Parameters<ApiTokens["Service"]["usageOf"]>[0][number]) =>
  ApiTokens.use((tokens) => Effect.map(tokens.usageOf([token]), (usages) => Option.getOrThrow(usages)[0]))

it.effect("uses are written once an interval for each secret, however many there are", () =>
  Effect.gen(function* () {
    const written = yield* Written
    const issued = yield* Effect.forEach(Array.from({ length: 100 }), () => issue())
    for (let round = 0; round < 100; round++) for (const { plaintext } of issued) yield* verdictOn(plaintext)
    yield* settled
    expect(written).toEqual([])
    yield* TestClock.adjust("1 minute")
    expect(written.flat()).toHaveLength(100)
    expect(new Set(written.flat().map(({ count }) => count))).toEqual(new Set([100]))
    yield* TestClock.adjust("1 hour")
    expect(written.flat()).toHaveLength(100)
  }).pipe(Effect.provide(observedWorld())),
)

it.effect("a report shows when each secret was last used, how often, and which scopes were required", () =>
  Effect.gen(function* () {
    const { plaintext: first, token } = yield* issue({ scopes: ["treasure:edit", "treasure:delete"] })
    yield* TestClock.setTime(minute)
    yield* verdictOn(first, ["treasure:read"])
    const { plaintext: second } = yield* ApiTokens.use((tokens) => tokens.rotate({ id: token.id, ownedBy: "user-1" }))
    yield* TestClock.setTime(2 * minute)
    yield* verdictOn(second, ["treasure:delete"])
    yield* verdictOn(second)
    expect(yield* usageOf(token)).toMatchObject({
      lastUsedAt: Option.some(at(2 * minute)),
      count: 3,
      since: at(0),
      scopes: new Map([
        ["treasure:read", at(minute)],
        ["treasure:delete", at(2 * minute)],
      ]),
      unusedScopes: ["treasure:edit"],
      narrowableTo: ["treasure:read", "treasure:delete"],
      secrets: [
        { generation: 2, count: 2, lastUsedAt: Option.some(at(2 * minute)) },
        { generation: 1, count: 1, lastUsedAt: Option.some(at(minute)) },
      ],
    })
  }).pipe(Effect.provide(world())),
)

it.effect("scopes checked after the verify count as used scopes, and not as another use", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue({ scopes: ["treasure:read", "treasure:delete"] })
    const caller = yield* tokens.verify(plaintext)
    expect(tokens.authorize(caller, ["treasure:read"])).toEqual({ granted: true })
    expect(yield* usageOf(token)).toMatchObject({ count: 1, unusedScopes: ["treasure:delete"] })
    yield* tokens.flush
    tokens.authorize(caller, ["treasure:delete"])
    expect(yield* usageOf(token)).toMatchObject({ count: 1, unusedScopes: [] })
  }).pipe(Effect.provide(world())),
)

it.effect("a token narrowed to the report's suggestion can still do everything it did", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue({ scopes: ["treasure:manage", "treasure:delete"] })
    const done = [["treasure:edit"], ["treasure:read"], ["treasure:read", "treasure:edit"]]
    for (const scopes of done) yield* verdictOn(plaintext, scopes)
    const usage = yield* usageOf(token)
    expect(usage?.unusedScopes).toEqual(["treasure:manage", "treasure:delete"])
    const narrowed = yield* tokens.edit({ id: token.id, ownedBy: "user-1", scopes: usage?.narrowableTo ?? [] })
    expect(narrowed.scopes).toEqual(["treasure:edit"])
    for (const scopes of done) expect(yield* verdictOn(plaintext, scopes)).toBe("accepted")
  }).pipe(Effect.provide(world())),
)

it.effect("a token that was never used has a report too, and refusals aren't uses", () =>
  Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext, ["treasure:delete"])
    yield* verdictOn(`${plaintext}x`)
    expect(yield* usageOf(token)).toMatchObject({
      lastUsedAt: Option.none(),
      count: 0,
      unusedScopes: ["treasure:read"],
    })
  }).pipe(Effect.provide(world())),
)

it.effect("the report claims nothing about the time before uses were recorded", () =>
  Effect.gen(function* () {
    const { token } = yield* issue()
    yield* TestClock.setTime(hour)
    const report = usageOf(token).pipe(Effect.provide(world()))
    expect((yield* report)?.since).toEqual(at(hour))
  }).pipe(Effect.provide(world({ usage: false }))),
)

it.effect("there is no report if uses aren't recorded", () =>
  Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    expect(yield* ApiTokens.use((tokens) => tokens.usageOf([token]))).toEqual(Option.none())
  }).pipe(Effect.provide(world({ usage: false }))),
)

it.effect("closing writes pending uses", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const stores = yield* Layer.build(MemoryRepository.layer)
    const services = yield* Layer.buildWithScope(world({}, undefined, Layer.succeedContext(stores)), scope)
    const { plaintext, token } = yield* Effect.provide(issue(), services)
    yield* Effect.provide(verdictOn(plaintext), services)
    const store = Context.get(stores, TokenUsageStore)
    expect(yield* store.usageOf([token.id])).toEqual([])
    yield* Scope.close(scope, Exit.void)
    expect(yield* store.usageOf([token.id])).toMatchObject([{ generation: 1, count: 1 }])
  }),
)

it.effect("uses accumulate during an outage, and are written afterwards", () => {
  let isAway = true
  return Effect.gen(function* () {
    const written = yield* Written
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    yield* TestClock.adjust("3 minutes")
    yield* verdictOn(plaintext, ["treasure:read"])
    expect(written).toEqual([])
    expect(yield* usageOf(token)).toMatchObject({ count: 2 })
    isAway = false
    yield* TestClock.adjust("1 minute")
    expect(written).toMatchObject([[{ count: 1 }], [{ count: 1, lastUsedAt: Option.some(at(3 * minute)) }]])
    expect(yield* usageOf(token)).toMatchObject({ count: 2 })
  }).pipe(Effect.provide(observedWorld({}, () => isAway)))
})

it.effect("uses are written early once half of the capacity is used, so none is lost", () =>
  Effect.gen(function* () {
    const written = yield* Written
    const issued = yield* Effect.forEach(Array.from({ length: 20 }), () => issue())
    for (const { plaintext } of issued) {
      yield* verdictOn(plaintext)
      yield* settled
    }
    yield* ApiTokens.use((tokens) => tokens.flush)
    expect(written.length).toBeGreaterThan(4)
    expect(new Set(written.flat().map(({ tokenId }) => tokenId)).size).toBe(20)
  }).pipe(Effect.provide(observedWorld({ usage: { capacity: 8 } }))),
)

it.effect("memory is bounded: while nothing can be written, uses of further secrets are lost, and sweeps know", () => {
  let isAway = true
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const issued = yield* Effect.forEach(Array.from({ length: 6 }), () => issue())
    const [first] = issued
    yield* TestClock.adjust("10 days")
    for (const { plaintext } of issued) expect(yield* verdictOn(plaintext)).toBe("accepted")
    isAway = false
    yield* tokens.flush
    expect(yield* usageOf(first?.token as never)).toMatchObject({ count: 1, since: at(10 * 24 * hour) })
    // Four of the six were used without a record. None may be revoked for that.
    yield* TestClock.adjust("1 day")
    expect(yield* tokens.revokeUnused({ unusedFor: "2 days" })).toBe(0)
    expect(yield* verdictOn(issued[5]?.plaintext as string)).toBe("accepted")
    // Once recording has been complete for as long, sweeps go on.
    yield* TestClock.adjust("10 days")
    expect(yield* tokens.revokeUnused({ unusedFor: "2 days" })).toBe(6)
  }).pipe(Effect.provide(observedWorld({ usage: { capacity: 2 } }, () => isAway)))
})

it.effect("many uses are written in chunks between which other work runs, and a failed chunk is written once", () => {
  let turns = 0
  const turn = () => {
    turns += 1
    if (isTurning) setImmediate(turn)
  }
  let isTurning = true
  /** How many turns the event loop had had when each chunk was written. */
  const turnsAtChunk: Array<number> = []
  const failsOnThird = () => turnsAtChunk.push(turns) === 3
  return Effect.gen(function* () {
    const written = yield* Written
    const tokens = yield* ApiTokens
    const issued = yield* Effect.forEach(Array.from({ length: 450 }), () => issue())
    for (const { plaintext } of issued) yield* verdictOn(plaintext)
    turn()
    yield* tokens.flush
    expect(written.map((chunk) => chunk.length)).toEqual([100, 100])
    yield* tokens.flush
    expect(written.map((chunk) => chunk.length)).toEqual([100, 100, 100, 100, 50])
    isTurning = false
    expect(new Set(turnsAtChunk.slice(0, 3)).size).toBe(3)
    expect(new Set(turnsAtChunk.slice(3)).size).toBe(3)
    const usages = Option.getOrThrow(yield* tokens.usageOf(issued.map(({ token }) => token)))
    expect(new Set(usages.map(({ count }) => count))).toEqual(new Set([1]))
  }).pipe(Effect.provide(observedWorld({}, failsOnThird)))
})

it.effect.each([{ interval: "10 millis" }, { interval: Infinity }, { capacity: 0 }, { capacity: NaN }] as const)(
  "a recorder that would write all the time, or hold anything, is refused at opening: %o",
  (usage) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.provide(issue(), world({ usage })))
      expect(exit).toMatchObject({ _tag: "Failure", cause: { reasons: [{ defect: expect.any(RangeError) }] } })
    }),
)

it.effect("invalid callers and scopes aren't recorded, and spoil nothing", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const written = yield* Written
    const { plaintext, token } = yield* issue()
    const caller = yield* tokens.verify(plaintext)
    for (const rubbish of [{}, null, "x", { ...caller, generation: NaN }, { ...caller, tokenId: plaintext }]) {
      expect(() => tokens.authorize(rubbish as never, ["treasure:read"])).toThrow(InvalidInput)
    }
    expect(() => tokens.authorize(caller, "treasure:read" as never)).toThrow(InvalidInput)
    expect(() => tokens.authorize(caller, [plaintext, "no such scope"])).toThrow(/scopes.1 must be a declared scope/)
    yield* TestClock.adjust("1 minute")
    expect(written).toMatchObject([[{ tokenId: token.id, generation: 1, count: 1, scopes: new Map() }]])
  }).pipe(Effect.provide(observedWorld())),
)

it.effect("uses that the store can't accept are dropped, and the rest is written", () => {
  let isBroken = true
  const breaking = Layer.effect(
    TokenUsageStore,
    Effect.map(TokenUsageStore, (store) => ({
      ...store,
      record: (usages: ReadonlyArray<SecretUsage>) =>
        Effect.suspend(() => (isBroken ? Effect.die("a value that can't be stored") : store.record(usages))),
    })),
  ).pipe(Layer.provideMerge(MemoryRepository.layer))
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    yield* TestClock.adjust("1 minute")
    isBroken = false
    yield* verdictOn(plaintext)
    yield* TestClock.adjust("1 minute")
    expect(yield* usageOf(token)).toMatchObject({ count: 1 })
  }).pipe(Effect.provide(world({}, undefined, breaking)))
})

it.effect("uses are visible while they are being written", () => {
  const gate = Deferred.makeUnsafe<void>()
  const slow = Layer.effect(
    TokenUsageStore,
    Effect.map(TokenUsageStore, (store) => ({
      ...store,
      record: (usages: ReadonlyArray<SecretUsage>) => Effect.andThen(Deferred.await(gate), store.record(usages)),
    })),
  ).pipe(Layer.provideMerge(MemoryRepository.layer))
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    const flushing = yield* Effect.forkChild(ApiTokens.use(({ flush }) => flush))
    yield* settled
    expect(yield* usageOf(token)).toMatchObject({ count: 1 })
    yield* Deferred.succeed(gate, undefined)
    yield* Fiber.join(flushing)
    expect(yield* usageOf(token)).toMatchObject({ count: 1 })
  }).pipe(Effect.provide(world({}, undefined, slow)))
})

it.effect("scopes that a token's descendants need count as needed, so narrowing it breaks none of them", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const parent = yield* issue({ scopes: ["treasure:edit", "treasure:delete"] })
    const caller = yield* tokens.verify(parent.plaintext, { scopes: ["treasure:delete"] })
    const child = yield* issue({ scopes: ["treasure:edit"], caller })
    const grandchild = yield* issue({ caller: yield* tokens.verify(child.plaintext) })
    yield* TestClock.setTime(minute)
    tokens.authorize(yield* tokens.verify(grandchild.plaintext), ["treasure:read"])
    const usage = yield* usageOf(parent.token)
    expect(usage).toMatchObject({
      count: 1,
      lastUsedAt: Option.some(at(0)),
      lineageUsedAt: Option.some(at(minute)),
      narrowableTo: ["treasure:read", "treasure:delete"],
      secrets: [{ generation: 1 }],
    })
    yield* tokens.edit({ id: parent.token.id, ownedBy: "user-1", scopes: usage?.narrowableTo ?? [] })
    expect(yield* verdictOn(grandchild.plaintext, ["treasure:read"])).toBe("accepted")
  }).pipe(Effect.provide(world())),
)

it.effect.each([[undefined], [[null]], [[{}]], [[{ id: "x", scopes: [] }]]])(
  "usageOf refuses a value that isn't a token: %o",
  ([tokens]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ApiTokens.use((service) => service.usageOf(tokens as never)))
      expect(error._tag).toBe("InvalidInput")
    }).pipe(Effect.provide(world())),
)

it.effect("a purged token leaves no usage record", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const store = yield* TokenUsageStore
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    yield* tokens.flush
    yield* tokens.revoke({ id: token.id, ownedBy: "user-1" })
    yield* TestClock.adjust("1 hour")
    expect(yield* tokens.purge({ deadFor: "1 minute" })).toBe(1)
    expect(yield* store.usageOf([token.id])).toEqual([])
  }).pipe(Effect.provide(world())),
)
