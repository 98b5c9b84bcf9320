/** Caches lookups for a short, configured time, so that frequent verifies don't load the store. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { RepositoryUnavailable } from "../errors.ts"
import type { TokenChanges } from "../ports/TokenChanges.ts"
import type { Digest } from "../token/Digest.ts"
import { type DurationOption, durationOption } from "../token/DurationOption.ts"
import { anyValue, checkOptions, type OptionRules } from "../token/OptionRules.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { TokenId } from "../token/TokenId.ts"
import { ChangeLog } from "./ChangeLog.ts"
import { DigestTable, type Moment } from "./DigestTable.ts"
import { type Facts, isKnown, type LookUp } from "./lookUp.ts"
import { makeRemember, type RememberedToken } from "./RememberedToken.ts"

export interface CacheOptions {
  /**
   * The maximum age of an entry in real time, at most one hour. Changes made by this process apply at once. Changes by
   * other processes apply within `maxStaleness`, and much sooner if the store reports them (`TokenChanges`: SQLite,
   * PostgreSQL).
   */
  readonly maxStaleness: DurationOption
  /** How many tokens to cache, 1 to 10,000,000. The oldest are evicted first. Default: 10,000, about 4 MB. */
  readonly capacity?: number
  /**
   * How long to remember that a token is unknown, at most `maxStaleness`. Default: not at all. Only useful if clients
   * repeat the same wrong token; attackers send different ones.
   */
  readonly unknownFor?: DurationOption
}

interface LookUpCache {
  readonly lookUp: LookUp
  /** Forgets a token, and all tokens minted with it. */
  readonly forgetToken: (id: TokenId) => void
  readonly forgetOwner: (ownedBy: OwnerId) => void
  readonly forgetAll: () => void
}

/** A lookup in flight. */
interface Pending extends Moment {
  readonly answer: Effect.Effect<Facts | undefined, RepositoryUnavailable>
}

/**
 * An entry's age counts from the start of its lookup. If something changes during a lookup, its result isn't cached and
 * later callers don't join it, because it may have read the old state. Outages are never cached. Concurrent verifies of
 * one token share a lookup, which continues even if some of them are interrupted. While a change feed is interrupted,
 * every lookup goes to the store.
 */
export const makeLookUpCache = Effect.fnUntraced(function* (
  lookUp: LookUp,
  options: CacheOptions,
  feed: Option.Option<TokenChanges["Service"]>,
) {
  const { capacity, staleness, unknownStaleness } = limitsOf(options)
  const clock = yield* Clock.Clock
  const runFork = Effect.runForkWith(yield* Effect.context())
  const elapsedNow = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

  const changes = new ChangeLog(staleness)
  const known = new DigestTable<RememberedToken>(capacity)
  const unknown = unknownStaleness > 0 ? new DigestTable<true>(capacity) : undefined
  const pending = new Map<string, Pending>()
  const remember = makeRemember()

  const forgetOne = (id: string) => changes.changed(id, elapsedNow())
  const forgetAll = () => changes.everythingChanged()
  const isFollowing = Option.isNone(feed)
    ? undefined
    : yield* feed.value.follow({ tokenChanged: forgetOne, ownerChanged: forgetOne, everythingChanged: forgetAll })

  const put = (sha256: Digest, facts: Facts | undefined, moment: Moment) => {
    if (facts !== undefined) known.put(sha256, remember(facts), moment)
    else unknown?.put(sha256, true, moment)
  }

  const isJoinable = (shared: Pending, elapsed: number, wall: number) =>
    shared.version === changes.version && shared.wall <= wall && elapsed - shared.elapsed < staleness

  const share = (sha256: Digest, answer: Pending["answer"], moment: Moment): Pending["answer"] => {
    const key = sha256.hex
    const fiber = runFork(answer)
    const entry: Pending = { answer: Fiber.join(fiber), ...moment }
    pending.set(key, entry)
    fiber.addObserver((exit) => {
      if (pending.get(key) === entry) pending.delete(key)
      if (Exit.isSuccess(exit)) put(sha256, exit.value, moment)
    })
    return entry.answer
  }

  const begin: LookUp = (sha256, instant) => {
    const moment: Moment = { version: changes.version, elapsed: elapsedNow(), wall: instant.epochMilliseconds }
    const answer = lookUp(sha256, instant)
    if (!isKnown(answer)) return share(sha256, answer, moment)
    put(sha256, answer, moment)
    return answer
  }

  const cache: LookUpCache = {
    lookUp: (sha256, instant) => {
      const elapsed = elapsedNow()
      if (isFollowing !== undefined && !isFollowing(elapsed)) {
        forgetAll()
        return lookUp(sha256, instant)
      }
      const wall = instant.epochMilliseconds
      const slot = known.find(sha256)
      if (slot >= 0 && known.isFreshAt(slot, elapsed, wall, staleness)) {
        const token = known.valueAt(slot)
        if (changes.isCurrent(known.versionAt(slot), token)) return token
      }
      if (unknown !== undefined) {
        const slot = unknown.find(sha256)
        const isCurrent = slot >= 0 && unknown.versionAt(slot) === changes.version
        if (isCurrent && unknown.isFreshAt(slot, elapsed, wall, unknownStaleness)) return undefined
      }
      const shared = pending.get(sha256.hex)
      return shared !== undefined && isJoinable(shared, elapsed, wall) ? shared.answer : begin(sha256, instant)
    },
    forgetToken: forgetOne,
    forgetOwner: forgetOne,
    forgetAll,
  }
  return cache
})

const limitsOf = (options: CacheOptions) => {
  checkOptions("cache", options, cacheRules, { required: ["maxStaleness"] })
  const { capacity = 10_000, maxStaleness, unknownFor = Duration.zero } = options
  if (!(Number.isSafeInteger(capacity) && capacity >= 1 && capacity <= 10_000_000)) {
    throw new RangeError("cache.capacity must be a whole number from 1 to 10,000,000")
  }
  const staleness = millisecondsOf("maxStaleness", maxStaleness)
  return { capacity, staleness, unknownStaleness: Math.min(staleness, millisecondsOf("unknownFor", unknownFor)) }
}

const cacheRules: OptionRules<CacheOptions> = {
  maxStaleness: [() => true, 'write maxStaleness: "2 seconds"'],
  capacity: anyValue,
  unknownFor: anyValue,
}

const millisecondsOf = (name: string, duration: DurationOption): number =>
  Duration.toMillis(durationOption(`cache.${name}`, duration, anHourAtMost))

const anHourAtMost = { atLeast: Duration.zero, atMost: Duration.hours(1), words: "of an hour at most" }
