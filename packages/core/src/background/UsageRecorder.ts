/** Counts uses in memory and writes them down now and then, so that verifying itself writes nothing. */
import { DateTime, Duration, Effect, Exit, Latch, Option, Semaphore } from "effect"
import type { RepositoryUnavailable } from "../errors.ts"
import type { TokenUsageStore } from "../ports/TokenUsageStore.ts"
import { SecretUsage } from "../token/SecretUsage.ts"
import type { TokenId } from "../token/TokenId.ts"

export interface UsageOptions {
  /** How often what has gathered is written: each secret at most once. The default is a minute. */
  readonly interval?: Duration.Input
  /**
   * How many secrets may gather. If more are used, what has gathered is written sooner; if that fails, further secrets
   * are not counted until it works again. The default is 10,000, some 5 MB.
   */
  readonly capacity?: number
}

export interface UsageRecorder {
  readonly used: (tokenId: TokenId, generation: number, scopes: ReadonlyArray<string>, at: number) => void
  /** Scopes that a use which is counted already needed as well. */
  readonly exercised: (tokenId: TokenId, generation: number, scopes: ReadonlyArray<string>, at: number) => void
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
  const interval = Duration.fromInputUnsafe(options.interval ?? "1 minute")
  const { capacity = 10_000 } = options
  const gathered = new Map<TokenId, Map<number, Gathered>>()
  const isWaiting = Latch.makeUnsafe()
  const isFull = Latch.makeUnsafe()
  const oneAtATime = Semaphore.makeUnsafe(1)
  let size = 0

  const of = (tokenId: TokenId, generation: number): Gathered | undefined => {
    const secrets = gathered.get(tokenId)
    const secret = secrets?.get(generation)
    return secret ?? add(tokenId, generation, secrets)
  }

  const add = (tokenId: TokenId, generation: number, secrets = new Map<number, Gathered>()): Gathered | undefined => {
    if (size >= capacity) {
      isFull.openUnsafe()
      return undefined
    }
    size += 1
    const secret: Gathered = { count: 0, lastUsedAt: never, scopes: new Map(), reuses: 0, lastReusedAt: never }
    gathered.set(tokenId, secrets.set(generation, secret))
    isWaiting.openUnsafe()
    return secret
  }

  const gatheredOf = (tokenId: TokenId): ReadonlyArray<SecretUsage> =>
    [...(gathered.get(tokenId) ?? [])].map(([generation, secret]) => usageOf(tokenId, generation, secret))

  const takeAll = (): ReadonlyArray<SecretUsage> => {
    const usages = [...gathered.keys()].flatMap(gatheredOf)
    gathered.clear()
    size = 0
    isWaiting.closeUnsafe()
    isFull.closeUnsafe()
    return usages
  }

  const putBack = (usages: ReadonlyArray<SecretUsage>) =>
    Effect.sync(() => {
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
    })

  /** Whether all of it was written. */
  const writeAll = oneAtATime.withPermit(
    Effect.suspend(() => {
      let left = takeAll()
      return Effect.whileLoop({
        while: () => left.length > 0,
        body: () => store.record(left.slice(0, batchSize)),
        step: () => {
          left = left.slice(batchSize)
        },
      }).pipe(
        Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : putBack(left))),
        Effect.as(true),
        Effect.catchCause(() => Effect.as(Effect.logWarning("Uses of tokens could not be recorded"), false)),
      )
    }),
  )

  yield* Effect.addFinalizer(() => Effect.timeoutOption(writeAll, closingPatience))
  yield* Effect.gen(function* () {
    let mayHurry = true
    while (true) {
      yield* isWaiting.await
      yield* mayHurry ? Effect.raceFirst(Effect.sleep(interval), isFull.await) : Effect.sleep(interval)
      mayHurry = yield* writeAll
    }
  }).pipe(Effect.forkScoped)

  const recorder: UsageRecorder = {
    used: (tokenId, generation, scopes, at) => {
      const secret = of(tokenId, generation)
      if (secret === undefined) return
      secret.count += 1
      if (at > secret.lastUsedAt) secret.lastUsedAt = at
      for (const scope of scopes) secret.scopes.set(scope, at)
    },
    exercised: (tokenId, generation, scopes, at) => {
      const secret = scopes.length === 0 ? undefined : of(tokenId, generation)
      for (const scope of scopes) secret?.scopes.set(scope, at)
    },
    reused: (tokenId, generation, at) => {
      const secret = of(tokenId, generation)
      if (secret === undefined) return
      secret.reuses += 1
      if (at > secret.lastReusedAt) secret.lastReusedAt = at
    },
    usageOf: (ids) =>
      Effect.map(store.usageOf(ids), (recorded) =>
        SecretUsage.merge([...recorded, ...[...new Set(ids)].flatMap(gatheredOf)]),
      ),
    since: store.begin,
    flush: Effect.asVoid(writeAll),
  }
  return recorder
})

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
