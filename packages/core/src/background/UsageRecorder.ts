/** Counts uses in memory and writes them periodically, so that verifying never writes. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import type { RepositoryUnavailable } from "../errors.ts"
import type { TokenUsageStore } from "../ports/TokenUsageStore.ts"
import { aSecondOrMore, type DurationOption, durationOption } from "../token/DurationOption.ts"
import { anyValue, checkOptions, type OptionRules } from "../token/OptionRules.ts"
import { SecretUsage } from "../token/SecretUsage.ts"
import type { TokenId } from "../token/TokenId.ts"

export interface UsageOptions {
  /** How often to write the gathered uses. At least a second. Default: `"1 minute"`. */
  readonly interval?: DurationOption
  /**
   * How many secrets can have uses gathered per interval; beyond that, uses aren't counted. Default: 50,000, about 25
   * MB when full.
   */
  readonly capacity?: number
}

export interface UsageRecorder {
  /** A secret was accepted for these scopes. Also counts as a use of its token's ancestors. */
  readonly used: (
    tokenId: TokenId,
    generation: number,
    ancestors: ReadonlyArray<TokenId>,
    scopes: ReadonlyArray<string>,
    at: number,
  ) => void
  /** Adds scopes to a use that was already counted. */
  readonly scopesUsed: (
    tokenId: TokenId,
    generation: number,
    ancestors: ReadonlyArray<TokenId>,
    scopes: ReadonlyArray<string>,
    at: number,
  ) => void
  readonly reused: (tokenId: TokenId, generation: number, at: number) => void
  /** The recorded usage, including uses not written yet by this process. */
  readonly usageOf: (ids: ReadonlyArray<TokenId>) => Effect.Effect<ReadonlyArray<SecretUsage>, RepositoryUnavailable>
  /** When recording started. */
  readonly since: (now: DateTime.Utc) => Effect.Effect<DateTime.Utc, RepositoryUnavailable>
  /** Writes the gathered uses. If that fails they are kept for the next attempt, and some may be counted twice. */
  readonly flush: Effect.Effect<void>
}

/** A secret's uses since the last write. */
interface Gathered {
  count: number
  lastUsedAt: number
  readonly scopes: Map<string, number>
  reuses: number
  lastReusedAt: number
}

/** Earlier than any instant. */
const never = -Infinity

const batchSize = 100
const closingPatience = Duration.seconds(5)

/** Runs until the scope closes, then spends up to five seconds writing what is left. */
export const makeUsageRecorder = Effect.fnUntraced(function* (
  store: TokenUsageStore["Service"],
  options: UsageOptions,
) {
  checkOptions("usage", options, usageRules)
  const interval = durationOption("usage.interval", options.interval ?? "1 minute", aSecondOrMore)
  const { capacity = 50_000 } = options
  if (!(Number.isSafeInteger(capacity) && capacity >= 1)) throw new RangeError("usage.capacity must be 1 or more")

  const gathered = new Map<TokenId, Map<number, Gathered>>()
  /** The uses being written now. */
  let leaving: ReadonlyArray<SecretUsage> = []
  let size = 0
  const isWaiting = Latch.makeUnsafe()
  const oneAtATime = Semaphore.makeUnsafe(1)

  const of = (tokenId: TokenId, generation: number): Gathered | undefined => {
    const secrets = gathered.get(tokenId)
    return secrets?.get(generation) ?? add(tokenId, generation, secrets)
  }

  const add = (tokenId: TokenId, generation: number, secrets = new Map<number, Gathered>()): Gathered | undefined => {
    if (size >= capacity) return undefined
    size += 1
    const secret: Gathered = { count: 0, lastUsedAt: never, scopes: new Map(), reuses: 0, lastReusedAt: never }
    gathered.set(tokenId, secrets.set(generation, secret))
    isWaiting.openUnsafe()
    return secret
  }

  const note = (secret: Gathered | undefined, count: number, scopes: ReadonlyArray<string>, at: number): void => {
    // An invalid instant (from JavaScript) can't be written.
    if (secret === undefined || !Number.isSafeInteger(at)) return
    secret.count += count
    if (at > secret.lastUsedAt) secret.lastUsedAt = at
    for (const scope of scopes) if (!((secret.scopes.get(scope) ?? never) >= at)) secret.scopes.set(scope, at)
  }

  const noteUse = (
    count: number,
    tokenId: TokenId,
    generation: number,
    ancestors: ReadonlyArray<TokenId>,
    scopes: ReadonlyArray<string>,
    at: number,
  ): void => {
    note(of(tokenId, generation), count, scopes, at)
    for (const id of ancestors) note(of(id, SecretUsage.byDescendants), count, scopes, at)
  }

  const gatheredOf = (tokenId: TokenId): ReadonlyArray<SecretUsage> =>
    [...(gathered.get(tokenId) ?? [])].map(([generation, secret]) => usageOf(tokenId, generation, secret))

  const takeAll = (): ReadonlyArray<SecretUsage> => {
    const usages = [...gathered.keys()].flatMap(gatheredOf)
    gathered.clear()
    size = 0
    isWaiting.closeUnsafe()
    return usages
  }

  const putBack = (usages: ReadonlyArray<SecretUsage>): void => {
    for (const usage of usages) {
      const secret = of(usage.tokenId, usage.generation)
      if (secret === undefined) return
      secret.count += usage.count
      secret.lastUsedAt = Math.max(secret.lastUsedAt, millisecondsOf(usage.lastUsedAt))
      for (const [scope, at] of usage.scopes) {
        secret.scopes.set(scope, Math.max(secret.scopes.get(scope) ?? never, at.epochMilliseconds))
      }
      secret.reuses += usage.reuses
      secret.lastReusedAt = Math.max(secret.lastReusedAt, millisecondsOf(usage.lastReusedAt))
    }
  }

  /** Has instants that were recorded while the clock ran ahead replaced with the next write. */
  const bringBack = ({ tokenId, generation, lastUsedAt, lastReusedAt }: SecretUsage, now: number): void => {
    const [isUseAhead, isReuseAhead] = [millisecondsOf(lastUsedAt) > now, millisecondsOf(lastReusedAt) > now]
    const secret = isUseAhead || isReuseAhead ? of(tokenId, generation) : undefined
    if (secret === undefined) return
    if (isUseAhead) secret.lastUsedAt = Math.max(secret.lastUsedAt, now)
    if (isReuseAhead) secret.lastReusedAt = Math.max(secret.lastReusedAt, now)
  }

  /** Drops a batch the store rejects with a defect, or it would be retried for ever. */
  const writeAll = oneAtATime.withPermit(
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      leaving = takeAll().map((usage) => SecretUsage.notAfter(usage, now))
      return Effect.whileLoop({
        while: () => leaving.length > 0,
        body: () => store.record(leaving.slice(0, batchSize), DateTime.makeUnsafe(now)),
        step: () => {
          leaving = leaving.slice(batchSize)
        },
      }).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            const isDefect = Exit.isFailure(exit) && Cause.hasDies(exit.cause)
            putBack(isDefect ? leaving.slice(batchSize) : leaving)
            leaving = []
          }),
        ),
        Effect.catchCause(() => Effect.logWarning("Could not record token uses")),
      )
    }),
  )

  yield* Effect.addFinalizer(() => Effect.timeoutOption(writeAll, closingPatience))
  yield* isWaiting.await.pipe(
    Effect.andThen(Effect.sleep(interval)),
    Effect.andThen(writeAll),
    Effect.forever,
    Effect.forkScoped,
  )

  const recorder: UsageRecorder = {
    used: (...use) => noteUse(1, ...use),
    scopesUsed: (...use) => noteUse(0, ...use),
    reused: (tokenId, generation, at) => {
      const secret = of(tokenId, generation)
      if (secret === undefined || !Number.isSafeInteger(at)) return
      secret.reuses += 1
      if (at > secret.lastReusedAt) secret.lastReusedAt = at
    },
    usageOf: (ids) =>
      Effect.zipWith(store.usageOf(ids), Clock.currentTimeMillis, (recorded, now) => {
        for (const usage of recorded) bringBack(usage, now)
        const asked = new Set(ids)
        const here = [...leaving.filter(({ tokenId }) => asked.has(tokenId)), ...[...asked].flatMap(gatheredOf)]
        return SecretUsage.merge([...recorded, ...here]).map((usage) => SecretUsage.notAfter(usage, now))
      }),
    since: store.begin,
    flush: writeAll,
  }
  return recorder
})

const usageRules: OptionRules<UsageOptions> = { interval: anyValue, capacity: anyValue }

const usageOf = (tokenId: TokenId, generation: number, secret: Gathered): SecretUsage => ({
  tokenId,
  generation,
  count: secret.count,
  lastUsedAt: instantOf(secret.lastUsedAt),
  scopes: new Map([...secret.scopes].map(([scope, at]) => [scope, DateTime.makeUnsafe(at)])),
  reuses: secret.reuses,
  lastReusedAt: instantOf(secret.lastReusedAt),
})

const instantOf = (milliseconds: number): Option.Option<DateTime.Utc> =>
  milliseconds === never ? Option.none() : Option.some(DateTime.makeUnsafe(milliseconds))

const millisecondsOf = (instant: Option.Option<DateTime.Utc>): number =>
  Option.isSome(instant) ? instant.value.epochMilliseconds : never
