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
import { UsageTable } from "./UsageTable.ts"

export interface UsageOptions {
  /** How often to write the gathered uses. At least a second. Default: `"1 minute"`. */
  readonly interval?: DurationOption
  /**
   * How many secrets can have uses gathered at a time. From half of that on, they are written early. While the store is
   * too slow or unavailable, uses of further secrets are lost: that is logged and counted, and `revokeUnused` spares
   * every token as if recording had started then. Default: 50,000, at most 200 bytes each, and twice that during a write.
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
  /** Since when no use is missing: when recording started, or when this process last lost one. */
  readonly since: (now: DateTime.Utc) => Effect.Effect<DateTime.Utc, RepositoryUnavailable>
  /** Writes the gathered uses. If that fails they are kept for the next attempt, and some may be counted twice. */
  readonly flush: Effect.Effect<void>
}

/**
 * How many secrets to write at a time, with a turn of the event loop in between: a few milliseconds' work for a
 * synchronous store.
 */
const chunkSize = 100
const closingPatience = Duration.seconds(5)

/** Runs until the scope closes, then spends up to five seconds writing what is left. */
export const makeUsageRecorder = Effect.fnUntraced(function* (
  store: TokenUsageStore["Service"],
  options: UsageOptions,
  onLost: () => void,
) {
  checkOptions("usage", options, usageRules)
  const interval = durationOption("usage.interval", options.interval ?? "1 minute", aSecondOrMore)
  const { capacity = 50_000 } = options
  if (!(Number.isSafeInteger(capacity) && capacity >= 1)) throw new RangeError("usage.capacity must be 1 or more")

  let gathered = new UsageTable(capacity)
  /** What is being written, or was left by a failed write. The rows before `written` are in the store. */
  let leaving = new UsageTable(0)
  let written = 0
  let lastLostAt: number | undefined
  let lost = 0
  const isWaiting = Latch.makeUnsafe()
  const isFilling = Latch.makeUnsafe()
  const oneAtATime = Semaphore.makeUnsafe(1)

  const lose = (at: number): void => {
    lost += 1
    lastLostAt = Math.max(lastLostAt ?? at, at)
    onLost()
  }

  /** Call it after a new row is filled in, because opening a latch may run the write at once. */
  const added = (): void => {
    const isHalfFull = gathered.size === Math.ceil(capacity / 2)
    isWaiting.openUnsafe()
    // Once for each time it fills, or an outage would mean one attempt after another.
    if (isHalfFull) isFilling.openUnsafe()
  }

  const note = (
    count: number,
    tokenId: TokenId,
    generation: number,
    scopes: ReadonlyArray<string>,
    at: number,
  ): void => {
    const sizeBefore = gathered.size
    const row = gathered.row(tokenId, generation)
    if (row < 0) return lose(at)
    gathered.use(row, count, scopes, at)
    if (gathered.size > sizeBefore) added()
  }

  const noteUse = (
    count: number,
    tokenId: TokenId,
    generation: number,
    ancestors: ReadonlyArray<TokenId>,
    scopes: ReadonlyArray<string>,
    at: number,
  ): void => {
    // An invalid instant (from JavaScript) can't be written.
    if (!Number.isSafeInteger(at)) return
    note(count, tokenId, generation, scopes, at)
    for (const id of ancestors) note(count, id, SecretUsage.byDescendants, scopes, at)
  }

  /** Has instants that were recorded while the clock ran ahead replaced with the next write. */
  const bringBack = ({ tokenId, generation, lastUsedAt, lastReusedAt }: SecretUsage, now: number): void => {
    const [isUseAhead, isReuseAhead] = [isAfter(lastUsedAt, now), isAfter(lastReusedAt, now)]
    if (!isUseAhead && !isReuseAhead) return
    const sizeBefore = gathered.size
    const row = gathered.row(tokenId, generation)
    if (row < 0) return
    if (isUseAhead) gathered.use(row, 0, noScopes, now)
    if (isReuseAhead) gathered.reuse(row, 0, now)
    if (gathered.size > sizeBefore) added()
  }

  /** Takes what was gathered, unless an earlier write left something. */
  const take = (): void => {
    if (written < leaving.size) return
    leaving = gathered
    written = 0
    gathered = new UsageTable(capacity)
    isWaiting.closeUnsafe()
  }

  /** What is written stays written: after a failure, the next attempt begins with the chunk that failed. */
  const writeLeaving = Effect.whileLoop({
    while: () => written < leaving.size,
    body: () =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        store.record(
          leaving.usages(written, written + chunkSize).map((usage) => SecretUsage.notAfter(usage, now)),
          DateTime.makeUnsafe(now),
        ),
      ).pipe(
        Effect.andThen(
          Effect.sync(() => {
            written += chunkSize
          }),
        ),
        Effect.andThen(Effect.yieldNow),
      ),
    step: () => {},
  })

  const reportLost = (): Effect.Effect<void> => {
    if (lost === 0) return Effect.void
    const count = lost
    lost = 0
    return Effect.logWarning(`${count} uses were not recorded: more than ${capacity} secrets were used between writes`)
  }

  /** Drops a chunk the store rejects with a defect, or it would be retried for ever. */
  const writeAll = oneAtATime.withPermit(
    Effect.suspend(() => {
      isFilling.closeUnsafe()
      const hasLeft = written < leaving.size
      take()
      return hasLeft
        ? Effect.andThen(
            writeLeaving,
            Effect.suspend(() => (take(), writeLeaving)),
          )
        : writeLeaving
    }).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) written += chunkSize
          if (written < leaving.size) isWaiting.openUnsafe()
        }),
      ),
      Effect.catchCause(() => Effect.logWarning("Could not record token uses")),
      Effect.andThen(Effect.suspend(reportLost)),
    ),
  )

  yield* Effect.addFinalizer(() => Effect.timeoutOption(writeAll, closingPatience))
  yield* isWaiting.await.pipe(
    Effect.andThen(Effect.raceFirst(Effect.sleep(interval), isFilling.await)),
    Effect.andThen(writeAll),
    Effect.forever,
    Effect.forkScoped,
  )

  const recorder: UsageRecorder = {
    used: (tokenId, generation, ancestors, scopes, at) => noteUse(1, tokenId, generation, ancestors, scopes, at),
    scopesUsed: (tokenId, generation, ancestors, scopes, at) => noteUse(0, tokenId, generation, ancestors, scopes, at),
    reused: (tokenId, generation, at) => {
      if (!Number.isSafeInteger(at)) return
      const sizeBefore = gathered.size
      const row = gathered.row(tokenId, generation)
      if (row < 0) return lose(at)
      gathered.reuse(row, 1, at)
      if (gathered.size > sizeBefore) added()
    },
    usageOf: (ids) =>
      Effect.zipWith(store.usageOf(ids), Clock.currentTimeMillis, (recorded, now) => {
        for (const usage of recorded) bringBack(usage, now)
        const here = [...new Set(ids)].flatMap((id) => [...leaving.usagesOf(id, written), ...gathered.usagesOf(id, 0)])
        return SecretUsage.merge([...recorded, ...here]).map((usage) => SecretUsage.notAfter(usage, now))
      }),
    since: (now) =>
      Effect.map(store.begin(now), (begun) =>
        lastLostAt === undefined ? begun : DateTime.max(begun, DateTime.makeUnsafe(lastLostAt)),
      ),
    flush: writeAll,
  }
  return recorder
})

const noScopes: ReadonlyArray<string> = []

const isAfter = (instant: Option.Option<DateTime.Utc>, now: number): boolean =>
  Option.isSome(instant) && instant.value.epochMilliseconds > now

const usageRules: OptionRules<UsageOptions> = { interval: anyValue, capacity: anyValue }
