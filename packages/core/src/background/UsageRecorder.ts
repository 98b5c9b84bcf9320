/** Counts uses in memory and writes them down now and then, so that verifying itself writes nothing. */
import { Cause, Clock, DateTime, Duration, Effect, Exit, Latch, Option, Semaphore } from "effect"
import type { RepositoryUnavailable } from "../errors.ts"
import type { TokenUsageStore } from "../ports/TokenUsageStore.ts"
import { aSecondOrMore, type DurationOption, durationOption } from "../token/DurationOption.ts"
import { anyValue, checkOptions, type OptionRules } from "../token/OptionRules.ts"
import { SecretUsage } from "../token/SecretUsage.ts"
import type { TokenId } from "../token/TokenId.ts"

export interface UsageOptions {
  /** How often what has gathered is written: each secret at most once. A second or more; the default is a minute. */
  readonly interval?: DurationOption
  /**
   * How many secrets may gather in an interval; the uses of further ones are not counted. The default is 50,000, some
   * 25 MB if they are all used.
   */
  readonly capacity?: number
}

export interface UsageRecorder {
  /** A secret was accepted for these scopes; so the tokens that its token was minted by gave them. */
  readonly used: (
    tokenId: TokenId,
    generation: number,
    ancestors: ReadonlyArray<TokenId>,
    scopes: ReadonlyArray<string>,
    at: number,
  ) => void
  /** Scopes that were needed by a use that is counted already. */
  readonly scopesUsed: (
    tokenId: TokenId,
    generation: number,
    ancestors: ReadonlyArray<TokenId>,
    scopes: ReadonlyArray<string>,
    at: number,
  ) => void
  readonly reused: (tokenId: TokenId, generation: number, at: number) => void
  /** What is recorded, together with what has gathered here and is not written yet. */
  readonly usageOf: (ids: ReadonlyArray<TokenId>) => Effect.Effect<ReadonlyArray<SecretUsage>, RepositoryUnavailable>
  /** Since when uses are recorded. */
  readonly since: (now: DateTime.Utc) => Effect.Effect<DateTime.Utc, RepositoryUnavailable>
  /** Writes what has gathered. If that fails, it is kept for the next time; then some of it may be counted twice. */
  readonly flush: Effect.Effect<void>
}

/** What has gathered of one secret since it was last written. */
interface Gathered {
  count: number
  lastUsedAt: number
  readonly scopes: Map<string, number>
  reuses: number
  lastReusedAt: number
}

/** Before all instants. */
const never = -Infinity

const batchSize = 100
const closingPatience = Duration.seconds(5)

/** Lives as long as the scope, and writes what is left when that closes: for five seconds at most. */
export const makeUsageRecorder = Effect.fnUntraced(function* (
  store: TokenUsageStore["Service"],
  options: UsageOptions,
) {
  checkOptions("usage", options, usageRules)
  const interval = durationOption("usage.interval", options.interval ?? "1 minute", aSecondOrMore)
  const { capacity = 50_000 } = options
  if (!(Number.isSafeInteger(capacity) && capacity >= 1)) throw new RangeError("usage.capacity must be 1 or more")

  const gathered = new Map<TokenId, Map<number, Gathered>>()
  /** What is being written now. */
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
    // An instant that is none (from JavaScript) can't be written.
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

  /** A batch that the store can't take at all (a defect) is given up, or it would be tried for ever. */
  const writeAll = oneAtATime.withPermit(
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      leaving = takeAll().map((usage) => SecretUsage.notAfter(usage, now))
      return Effect.whileLoop({
        while: () => leaving.length > 0,
        body: () => store.record(leaving.slice(0, batchSize)),
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
        Effect.catchCause(() => Effect.logWarning("Uses of tokens could not be recorded")),
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
