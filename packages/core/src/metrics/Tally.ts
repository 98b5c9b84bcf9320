/** The counters and their names in Effect's metrics: plain numbers, read on demand. */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { RepositoryUnavailable } from "../errors.ts"
import type { Refusal } from "../token/Refusal.ts"
import { type DurationHistogram, durationBoundaries, makeDurationHistogram } from "./DurationHistogram.ts"

/** The outcome of a verify: accepted, refused, or an outage. */
type Outcome = "accepted" | Refusal["_tag"] | RepositoryUnavailable["_tag"]

interface Tally {
  readonly verifies: Record<Outcome, number>
  readonly durations: DurationHistogram
  /** Decisions about required scopes, by `authorize` or by a verify with a requirement. */
  readonly authorizations: Record<"granted" | "InsufficientScope", number>
  /** Cache lookups, and how many of them had to query the store. */
  readonly cache: { asked: number; missed: number }
  /** Uses that were not recorded, because too many secrets were used between two writes. */
  readonly usage: { lost: number }
  /** By port method. */
  readonly outages: Map<string, number>
}

export interface SharedTally {
  readonly tally: Tally
  /** Registers the cache's metrics. */
  readonly showCache: () => void
  /** Registers the metric of lost uses. */
  readonly showUsage: () => void
  readonly addOutage: (operation: string) => void
}

/**
 * Every instance with the same registry and attributes shares these counters. They outlive the instances, so a count
 * never goes down.
 */
export const tallyIn = (context: Context.Context<never>): SharedTally => {
  const tally = findOrMake(context)
  const show = (name: string, description: string, attributes: Record<string, string>, read: () => number) => {
    const counter = Metric.counter(name, { description, attributes, incremental: true })
    Metric.registerUnsafe(counter, context, { ...readOnly, get: () => ({ count: read(), incremental: true }) })
  }
  const showOutages = (operation: string) =>
    show(
      "tokenry.store.errors",
      "Outages of the store or the owner directory",
      { operation, unit: "{error}" },
      () => tally.outages.get(operation) ?? 0,
    )

  for (const outcome of Object.keys(tally.verifies) as ReadonlyArray<Outcome>) {
    show("tokenry.verifies", "Verifies", { outcome, unit: "{verify}" }, () => tally.verifies[outcome])
  }
  for (const outcome of ["granted", "InsufficientScope"] as const) {
    const attributes = { outcome, unit: "{authorization}" }
    show("tokenry.authorizations", "Decisions about required scopes", attributes, () => tally.authorizations[outcome])
  }
  for (const operation of tally.outages.keys()) showOutages(operation)
  const duration = Metric.histogram("tokenry.verify.duration", {
    description: "How long a verify takes",
    attributes: { unit: "s" },
    boundaries: durationBoundaries,
  })
  Metric.registerUnsafe(duration, context, { ...readOnly, get: tally.durations.state })

  const { cache, outages } = tally
  return {
    tally,
    showCache: () => {
      const description = "Cache lookups"
      const unit = "{lookup}"
      show("tokenry.cache.lookups", description, { result: "hit", unit }, () => cache.asked - cache.missed)
      show("tokenry.cache.lookups", description, { result: "miss", unit }, () => cache.missed)
    },
    showUsage: () =>
      show("tokenry.usage.lost", "Uses that were not recorded", { unit: "{use}" }, () => tally.usage.lost),
    addOutage: (operation) => {
      const before = outages.get(operation)
      outages.set(operation, (before ?? 0) + 1)
      if (before === undefined) showOutages(operation)
    },
  }
}

const findOrMake = (context: Context.Context<never>): Tally => {
  const registry = Context.get(context, Metric.MetricRegistry)
  const tallies = registries.get(registry) ?? new Map<string, Tally>()
  registries.set(registry, tallies)
  const attributes = Context.get(context, Metric.CurrentMetricAttributes)
  const key = JSON.stringify(
    Object.keys(attributes)
      .toSorted()
      .map((name) => [name, attributes[name]]),
  )
  const tally = tallies.get(key) ?? makeTally()
  tallies.set(key, tally)
  return tally
}

const registries = new WeakMap<object, Map<string, Tally>>()

const makeTally = (): Tally => ({
  verifies: {
    accepted: 0,
    Malformed: 0,
    Unknown: 0,
    Retired: 0,
    Revoked: 0,
    Expired: 0,
    OwnerInactive: 0,
    WrongKey: 0,
    InsufficientScope: 0,
    RepositoryUnavailable: 0,
  },
  durations: makeDurationHistogram(),
  authorizations: { granted: 0, InsufficientScope: 0 },
  cache: { asked: 0, missed: 0 },
  usage: { lost: 0 },
  outages: new Map(),
})

const readOnly = { update: () => {}, modify: () => {} }
