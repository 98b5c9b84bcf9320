import { expect, it } from "@effect/vitest"
import { ApiTokens, OwnerDirectory, TokenFormat } from "@tokenry/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { cached, gated } from "./gatedStore.ts"
import { callerWith, issue, settled, verdictOn, world } from "./world.ts"

it.effect("a lookup is cached for the configured time, then repeated", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    for (let use = 0; use < 5; use++) expect(yield* verdictOn(plaintext)).toBe("accepted")
    expect(store.lookups()).toBe(1)
    yield* TestClock.adjust(1999)
    yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(1)
    yield* TestClock.adjust(1)
    yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(2)
  }).pipe(Effect.provide(cached(store)))
})

it.effect("nothing is cached without the option", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    for (let use = 0; use < 5; use++) yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(5)
  }).pipe(Effect.provide(world({}, undefined, store.stores)))
})

it.effect("another process's change is seen after that time", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    yield* ApiTokens.use((other) => other.revoke({ id: token.id, ownedBy: "user-1" })).pipe(
      Effect.provide(world({}, undefined, store.stores)),
    )
    yield* TestClock.adjust(1999)
    expect(yield* verdictOn(plaintext)).toBe("accepted")
    yield* TestClock.adjust(1)
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store)))
})

it.effect("an expiry, and the end of a grace period, take effect to the millisecond", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue({ expiresIn: "1 minute" })
    yield* TestClock.adjust(58_500)
    yield* verdictOn(plaintext)
    yield* TestClock.adjust(1499)
    expect(yield* verdictOn(plaintext)).toBe("accepted")
    yield* TestClock.adjust(1)
    expect(yield* verdictOn(plaintext)).toBe("Expired")
    expect(store.lookups()).toBe(1)
    expect(token.revision).toBe(1)
  }).pipe(Effect.provide(cached(store)))
})

const own = { ownedBy: "user-1" }
const changes: ReadonlyArray<[string, (id: string) => Effect.Effect<unknown, unknown, ApiTokens>, string]> = [
  ["a revocation", (id) => ApiTokens.use((tokens) => tokens.revoke({ ...own, id })), "Revoked"],
  ["a revocation of all of an owner's", () => ApiTokens.use((tokens) => tokens.revokeOwnedBy(own)), "Revoked"],
  [
    "a revocation of all of an app's",
    () => ApiTokens.use((tokens) => tokens.revokeAllIssuedTo({ issuedTo: "app" })),
    "Revoked",
  ],
  ["a narrowing", (id) => ApiTokens.use((tokens) => tokens.edit({ ...own, id, scopes: [] })), "InsufficientScope"],
  [
    "a rotation without grace",
    (id) => ApiTokens.use((tokens) => tokens.rotate({ ...own, id, graceFor: "0 minutes" })),
    "Retired",
  ],
]

it.effect.each(changes)("%s through this process takes effect at once", ([, change, verdict]) => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue({ issuedTo: "app" })
    expect(yield* verdictOn(plaintext, ["treasure:read"])).toBe("accepted")
    yield* change(token.id)
    expect(yield* verdictOn(plaintext, ["treasure:read"])).toBe(verdict)
  }).pipe(Effect.provide(cached(store)))
})

it.effect("a change of an ancestor takes effect at once too", () => {
  const store = gated()
  return Effect.gen(function* () {
    const parent = yield* issue()
    const child = yield* issue({ caller: yield* callerWith(parent.plaintext) })
    expect(yield* verdictOn(child.plaintext)).toBe("accepted")
    yield* ApiTokens.use((tokens) => tokens.revoke({ ...own, id: parent.token.id }))
    expect(yield* verdictOn(child.plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store)))
})

it.effect("a change of the owner takes effect when announced, otherwise after that time", () => {
  const store = gated()
  let active = true
  const owners = OwnerDirectory.layerFrom(() => (active ? { active, scopes: "all" } : { active }))
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    yield* verdictOn(plaintext)
    active = false
    expect(yield* verdictOn(plaintext)).toBe("accepted")
    yield* ApiTokens.use((tokens) => tokens.ownerChanged("user-1"))
    expect(yield* verdictOn(plaintext)).toBe("OwnerInactive")
    active = true
    yield* TestClock.adjust("2 seconds")
    expect(yield* verdictOn(plaintext)).toBe("accepted")
  }).pipe(Effect.provide(cached(store, {}, owners)))
})

it.effect("a lookup that was in flight during a revocation isn't cached", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    store.close()
    const early = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* ApiTokens.use((tokens) => tokens.revoke({ ...own, id: token.id }))
    yield* store.open
    expect(yield* Fiber.join(early)).toBe("accepted")
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store)))
})

it.effect("a lookup that was in flight during a revocation isn't joined by later callers", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    store.close()
    const early = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* ApiTokens.use((tokens) => tokens.revoke({ ...own, id: token.id }))
    const late = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* store.open
    expect(yield* Fiber.join(early)).toBe("accepted")
    expect(yield* Fiber.join(late)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store)))
})

it.effect("concurrent callers share one lookup, which continues if the first gives up", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    store.close()
    const first = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    const others = yield* Effect.forkChild(
      Effect.forEach(Array.from({ length: 100 }), () => verdictOn(plaintext), { concurrency: "unbounded" }),
    )
    yield* settled
    yield* Fiber.interrupt(first)
    yield* store.open
    expect(new Set(yield* Fiber.join(others))).toEqual(new Set(["accepted"]))
    expect(store.lookups()).toBe(1)
  }).pipe(Effect.provide(cached(store)))
})

it.effect("later callers don't wait longer than that time for a lookup that hangs", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    store.close()
    const hanging = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* TestClock.adjust("2 seconds")
    const opening = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    expect(store.lookups()).toBe(2)
    yield* store.open
    expect([yield* Fiber.join(hanging), yield* Fiber.join(opening)]).toEqual(["accepted", "accepted"])
  }).pipe(Effect.provide(cached(store)))
})

it.effect("an outage isn't cached", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    store.goAway(true)
    expect(yield* verdictOn(plaintext)).toBe("RepositoryUnavailable")
    store.goAway(false)
    expect(yield* verdictOn(plaintext)).toBe("accepted")
  }).pipe(Effect.provide(cached(store)))
})

/** Well-formed, and never issued. */
const unknownToken = TokenFormat.checksummed({ prefix: "tok" }).make(new Uint8Array(64).fill(7)) ?? ""

it.effect("unknown tokens aren't cached by default, and otherwise only briefly", () => {
  const [forgetful, mindful] = [gated(), gated()]
  const ask = Effect.gen(function* () {
    for (let use = 0; use < 3; use++) expect(yield* verdictOn(unknownToken)).toBe("Unknown")
    yield* TestClock.adjust("1 second")
    expect(yield* verdictOn(unknownToken)).toBe("Unknown")
  })
  return Effect.gen(function* () {
    yield* Effect.provide(ask, cached(forgetful))
    expect(forgetful.lookups()).toBe(4)
    yield* Effect.provide(ask, cached(mindful, { unknownFor: "1 second" }))
    expect(mindful.lookups()).toBe(2)
  })
})

it.effect("a token isn't unknown for longer than maxStaleness, whatever unknownFor is", () => {
  const store = gated()
  return Effect.gen(function* () {
    expect(yield* verdictOn(unknownToken)).toBe("Unknown")
    yield* TestClock.adjust(1999)
    yield* verdictOn(unknownToken)
    expect(store.lookups()).toBe(1)
    yield* TestClock.adjust(1)
    yield* verdictOn(unknownToken)
    expect(store.lookups()).toBe(2)
  }).pipe(Effect.provide(cached(store, { unknownFor: "10 seconds" })))
})

it.effect("a token is no longer unknown once it is issued here", () => {
  const store = gated()
  return Effect.gen(function* () {
    yield* verdictOn(unknownToken)
    yield* issue()
    yield* verdictOn(unknownToken)
    expect(store.lookups()).toBe(2)
  }).pipe(Effect.provide(cached(store, { unknownFor: "2 seconds" })))
})

it.effect("the cache never exceeds its capacity, and evicts the oldest entry first", () => {
  const store = gated()
  return Effect.gen(function* () {
    const issued = yield* Effect.forEach(Array.from({ length: 3 }), () => issue())
    for (const { plaintext } of issued) yield* verdictOn(plaintext)
    for (const { plaintext } of issued.toReversed()) yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(4)
  }).pipe(Effect.provide(cached(store, { capacity: 2 })))
})

it.effect("a token that was looked up again is the newest, and isn't evicted in its old turn", () => {
  const store = gated()
  return Effect.gen(function* () {
    const [first, second, third] = yield* Effect.all([issue(), issue(), issue()])
    yield* verdictOn(first.plaintext)
    yield* TestClock.adjust("1 second")
    yield* verdictOn(second.plaintext)
    yield* TestClock.adjust("1 second")
    yield* verdictOn(first.plaintext)
    yield* verdictOn(third.plaintext)
    expect(store.lookups()).toBe(4)
    yield* verdictOn(first.plaintext)
    expect(store.lookups()).toBe(4)
    yield* verdictOn(second.plaintext)
    expect(store.lookups()).toBe(5)
  }).pipe(Effect.provide(cached(store, { capacity: 2, maxStaleness: "2 seconds" })))
})

it.effect("maxStaleness holds in real time if the wall clock is set back", () => {
  const store = gated()
  return Effect.gen(function* () {
    yield* TestClock.adjust("1 hour")
    const { plaintext } = yield* issue()
    yield* verdictOn(plaintext)
    yield* TestClock.adjust(1500)
    yield* TestClock.setTime(3_600_100)
    yield* TestClock.adjust(499)
    yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(1)
    yield* TestClock.adjust(1)
    yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(2)
  }).pipe(Effect.provide(cached(store)))
})

it.effect("maxStaleness holds if only the wall clock advances, as while the machine sleeps", () => {
  const store = gated()
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    const clock = yield* Clock.Clock
    const verifyAt = (milliseconds: number) =>
      Effect.provideService(
        verdictOn(plaintext),
        Clock.Clock,
        Object.assign(Object.create(clock) as Clock.Clock, { currentTimeMillisUnsafe: () => milliseconds }),
      )
    yield* verifyAt(0)
    yield* verifyAt(1999)
    expect(store.lookups()).toBe(1)
    yield* verifyAt(2000)
    expect(store.lookups()).toBe(2)
  }).pipe(Effect.provide(cached(store)))
})

/** The owner isn't looked up for an expired token. */
it.effect("an expired token's cached lookup isn't used if the clock is set back before its expiry", () => {
  const store = gated()
  const owners = OwnerDirectory.layerFrom(() => ({ active: isActive, scopes: "all" }))
  let isActive = true
  return Effect.gen(function* () {
    const { plaintext } = yield* issue({ expiresIn: "1 minute" })
    isActive = false
    yield* TestClock.setTime(60_000)
    expect(yield* verdictOn(plaintext)).toBe("Expired")
    yield* TestClock.setTime(59_999)
    expect(yield* verdictOn(plaintext)).toBe("OwnerInactive")

    store.close()
    yield* TestClock.setTime(70_000)
    const early = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* TestClock.setTime(59_999)
    const late = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* store.open
    expect([yield* Fiber.join(early), yield* Fiber.join(late)]).toEqual(["Expired", "OwnerInactive"])
  }).pipe(Effect.provide(cached(store, {}, owners)))
})

it.effect.each([
  { maxStaleness: "2 hours" },
  { maxStaleness: "1 second", capacity: 0 },
  { maxStaleness: "1 second", capacity: 1e8 },
] as const)("a cache that forgets too late or holds nothing is refused at opening: %o", (cache) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(Effect.provide(issue(), world({ cache })))
    expect(exit).toMatchObject({ _tag: "Failure", cause: { reasons: [{ defect: expect.any(RangeError) }] } })
  }),
)
