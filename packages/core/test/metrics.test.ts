import { expect, it } from "@effect/vitest"
import { ApiTokens, type ApiTokensOptions, DuplicateToken, OwnerDirectory, RepositoryUnavailable } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import { memoryBut } from "./repositories.ts"
import { issue, outcomeOf, settled, verdictOn, world } from "./world.ts"

const anOutage = (operation: string) => new RepositoryUnavailable({ operation, cause: undefined })

/** Runs it with metrics of its own. */
const alone = <A, E>(test: Effect.Effect<A, E>) => Effect.provideService(test, Metric.MetricRegistry, new Map())

/** A counter's values, by one of its attributes. Omits zeros. */
const countsOf = (name: string, attribute: string) =>
  Effect.map(Metric.snapshot, (series) =>
    Object.fromEntries(
      series
        .filter(({ id }) => id === name)
        .map(({ attributes, state }) => [attributes?.[attribute], "count" in state ? state.count : undefined])
        .filter(([, count]) => count !== 0),
    ),
  )

const outcomes = countsOf("tokenry.verifies", "outcome")
const lookUps = countsOf("tokenry.cache.lookups", "result")
const outages = countsOf("tokenry.store.errors", "operation")

const durations = Effect.map(Metric.snapshot, (series) => {
  const histogram = series.find(({ id }) => id === "tokenry.verify.duration")
  if (histogram?.type !== "Histogram") throw new Error("There is no histogram")
  return histogram.state
})

const worldOf = (
  options: Partial<ApiTokensOptions>,
  stores?: Parameters<typeof world>[2],
  owners?: Layer.Layer<never>,
) => Effect.provide(world(options, owners, stores))

it.effect("each verify is counted by its outcome", () => {
  let active = true
  const owners = OwnerDirectory.layerFrom(() => (active ? { active, scopes: "all" } : { active }))
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    const short = yield* issue({ expiresIn: "1 minute" })
    yield* verdictOn(plaintext)
    yield* verdictOn(plaintext, ["treasure:read"])
    yield* verdictOn(plaintext, ["treasure:delete"])
    active = false
    yield* verdictOn(plaintext)
    active = true
    yield* verdictOn("no token")
    yield* TestClock.adjust("1 minute")
    yield* verdictOn(short.plaintext)
    const own = { id: token.id, ownedBy: "user-1" }
    yield* ApiTokens.use((tokens) => tokens.rotate({ ...own, graceFor: "0 minutes" }))
    yield* verdictOn(plaintext)
    const { plaintext: revoked } = yield* issue()
    yield* ApiTokens.use((tokens) => tokens.revokeOwnedBy({ ownedBy: "user-1" }))
    yield* verdictOn(revoked)
    const { plaintext: unknown } = yield* Effect.provide(issue(), Layer.fresh(world()))
    yield* verdictOn(unknown)
    expect(yield* outcomes).toEqual({
      accepted: 2,
      InsufficientScope: 1,
      OwnerInactive: 1,
      Malformed: 1,
      Expired: 1,
      Retired: 1,
      Revoked: 1,
      Unknown: 1,
    })
  }).pipe(worldOf({}, undefined, owners), alone)
})

it.effect("an outage is an outcome of its own, and inspecting doesn't count", () => {
  let isAway = false
  const stores = memoryBut((repository) => ({
    findByDigest: (candidates) =>
      isAway ? Effect.fail(anOutage("findByDigest")) : repository.findByDigest(candidates),
  }))
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    yield* ApiTokens.use((tokens) => tokens.inspect(plaintext))
    isAway = true
    yield* verdictOn(plaintext)
    yield* verdictOn(plaintext)
    yield* verdictOn("no token")
    expect(yield* outcomes).toEqual({ RepositoryUnavailable: 2, Malformed: 1 })
  }).pipe(worldOf({}, stores), alone)
})

it.effect("an abandoned verify isn't counted", () => {
  const stores = memoryBut(() => ({ findByDigest: () => Effect.never }))
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    const verifying = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* Fiber.interrupt(verifying)
    expect(yield* outcomes).toEqual({})
    expect((yield* durations).count).toBe(0)
  }).pipe(worldOf({}, stores), alone)
})

it.effect("each verify that waits for the store is timed, in seconds", () => {
  const waits = ["30 millis", "200 millis", "10 seconds"] as const
  let turn = 0
  const stores = memoryBut((repository) => ({
    findByDigest: (candidates) => Effect.delay(repository.findByDigest(candidates), waits[turn++] ?? 0),
  }))
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    for (const wait of waits) {
      const verifying = yield* Effect.forkChild(verdictOn(plaintext))
      yield* TestClock.adjust(wait)
      yield* Fiber.join(verifying)
    }
    const { buckets, count, sum, min, max } = yield* durations
    expect({ count, min, max }).toEqual({ count: 3, min: 0.03, max: 10 })
    expect(sum).toBeCloseTo(10.23)
    const upTo = new Map(buckets)
    expect([0.025, 0.05, 0.1, 0.25, 5].map((boundary) => upTo.get(boundary))).toEqual([0, 1, 1, 2, 2])
  }).pipe(worldOf({}, stores), alone)
})

it.effect("verifies that are answered at once are sampled, and still all counted in the histogram", () =>
  Effect.gen(function* () {
    const { plaintext } = yield* issue()
    for (let use = 0; use < 320; use++) yield* verdictOn(plaintext)
    expect(yield* outcomes).toEqual({ accepted: 320 })
    expect((yield* durations).count).toBe(320)
  }).pipe(worldOf({}), alone),
)

it.effect("cache lookups are hits and misses; without a cache there are no such numbers", () =>
  Effect.gen(function* () {
    const cached = Effect.gen(function* () {
      const { plaintext } = yield* issue()
      for (let use = 0; use < 5; use++) yield* verdictOn(plaintext)
      yield* TestClock.adjust("2 seconds")
      yield* verdictOn(plaintext)
    })
    yield* Effect.provide(cached, world())
    expect(yield* lookUps).toEqual({})
    yield* Effect.provide(cached, world({ cache: { maxStaleness: "2 seconds" } }))
    expect(yield* lookUps).toEqual({ hit: 4, miss: 2 })
  }).pipe(alone),
)

it.effect("outages of the store and of the owner directory are counted by operation; conflicts aren't", () => {
  const failures = [anOutage("insert"), anOutage("insert"), new DuplicateToken({ id: "any" })]
  const stores = memoryBut(() => ({
    insert: () => Effect.fail(failures.shift() ?? anOutage("insert")),
    listOwnedBy: () => Effect.fail(anOutage("a name of the adapter's own")),
    expiringBetween: () => Stream.fail(anOutage("expiringBetween")),
  }))
  const owners = OwnerDirectory.layerFrom((ownedBy) => {
    if (ownedBy === "user-2") throw new Error("The directory is away")
    return { active: true, scopes: "all" }
  })
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    for (let attempt = 0; attempt < 3; attempt++) yield* outcomeOf(issue())
    yield* outcomeOf(issue({ ownedBy: "user-2" }))
    yield* outcomeOf(tokens.list({ ownedBy: "user-1" }))
    yield* outcomeOf(Effect.flatMap(tokens.expiringWithin({ within: "1 day" }), Stream.runDrain))
    yield* outcomeOf(tokens.find({ id: "tok_id_that_is_none", ownedBy: "user-1" }))
    expect(yield* outages).toEqual({ insert: 2, authorityOf: 1, listOwnedBy: 1, expiringBetween: 1 })
  }).pipe(worldOf({}, stores, owners), alone)
})

it.effect("several instances add up, open at once or one after the other; other attributes count separately", () =>
  Effect.gen(function* () {
    const verifyOnce = Effect.provide(verdictOn("no token"), world())
    yield* verifyOnce
    yield* verifyOnce
    expect(yield* outcomes).toEqual({ Malformed: 2 })
    for (const service of ["one", "other"]) {
      yield* Effect.provideService(verifyOnce, Metric.CurrentMetricAttributes, { service })
    }
    const series = yield* Metric.snapshot
    const malformed = series.filter(({ attributes }) => attributes?.["outcome"] === "Malformed")
    expect(malformed.map(({ attributes, state }) => [attributes?.["service"], state])).toEqual([
      [undefined, { count: 2, incremental: true }],
      ["one", { count: 1, incremental: true }],
      ["other", { count: 1, incremental: true }],
    ])
  }).pipe(alone),
)

it.effect("Effect's own exporters read them", () =>
  Effect.gen(function* () {
    yield* verdictOn("no token")
    const text = yield* PrometheusMetrics.format()
    expect(text).toMatch(/^tokenry_verifies\{outcome="Malformed"\} 1$/m)
    expect(text).toMatch(/^tokenry_verify_duration_bucket\{le="0.001"\} 0$/m)
    expect(text).toMatch(/^tokenry_verify_duration_count 0$/m)
  }).pipe(worldOf({}), alone),
)
