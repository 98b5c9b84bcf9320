/** Remembers look-ups for a short and stated time, for those who verify more often than their store should be asked. */
import { Duration, Effect, Exit, Fiber } from "effect"
import type { RepositoryUnavailable } from "../errors.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { TokenId } from "../token/TokenId.ts"
import { type Facts, isAtHand, type LookUp } from "./lookUp.ts"

export interface CacheOptions {
  /**
   * How old what is remembered may be: a change of a token, its ancestors or its owner that another process makes is
   * seen here after that at the latest. Changes through this process are seen at once.
   */
  readonly maxStaleness: Duration.Input
  /** How many tokens are remembered at most; who came first goes first. The default is 10,000, some 10 MB. */
  readonly capacity?: number
  /**
   * How long to remember that a token is unknown, at most `maxStaleness`. Not at all unless told: somebody who sends
   * many different ones would be answered from memory no more often than now.
   */
  readonly unknownFor?: Duration.Input
}

interface LookUpCache {
  readonly lookUp: LookUp
  /** Forgets what is remembered of a token, and of all that was minted by means of it. */
  readonly forgetToken: (id: TokenId) => void
  readonly forgetOwner: (ownedBy: OwnerId) => void
  readonly forgetAll: () => void
}

interface Entry {
  readonly answer: Exit.Success<Facts | undefined>
  readonly since: number
}

interface Pending {
  readonly answer: Effect.Effect<Facts | undefined, RepositoryUnavailable>
  readonly since: number
}

/**
 * An entry counts from the moment in which its look-up began. Whatever is forgotten, look-ups that are under way are not
 * remembered any more, nor joined by who comes later: they may have read what was before. Outages are never remembered.
 * Many who ask for one token at once share one look-up, which goes on if some of them give up.
 */
export const makeLookUpCache = Effect.fnUntraced(function* (lookUp: LookUp, options: CacheOptions) {
  const { capacity = 10_000, maxStaleness, unknownFor = Duration.zero } = options
  const staleness = millisecondsOf("maxStaleness", maxStaleness)
  const unknownStaleness = Math.min(staleness, millisecondsOf("unknownFor", unknownFor))
  if (!(Number.isSafeInteger(capacity) && capacity >= 1)) throw new RangeError("cache.capacity must be 1 or more")
  const runFork = Effect.runForkWith(yield* Effect.context())

  const known = new Map<string, Entry>()
  const unknown = new Map<string, Entry>()
  const pending = new Map<string, Pending>()
  let epoch = 0

  const remember = (key: string, facts: Facts | undefined, since: number) => {
    const entries = facts === undefined ? unknown : known
    if (facts === undefined && unknownStaleness === 0) return
    entries.delete(key)
    entries.set(key, { answer: Exit.succeed(facts) as Entry["answer"], since })
    const [oldest] = entries.keys()
    if (entries.size > capacity && oldest !== undefined) entries.delete(oldest)
  }

  const share = (key: string, answer: Pending["answer"], since: number): Pending["answer"] => {
    const begunIn = epoch
    const fiber = runFork(answer)
    const entry: Pending = { answer: Fiber.join(fiber), since }
    pending.set(key, entry)
    fiber.addObserver((exit) => {
      if (pending.get(key) === entry) pending.delete(key)
      if (Exit.isSuccess(exit) && begunIn === epoch) remember(key, exit.value, since)
    })
    return entry.answer
  }

  const begin = (key: string, now: number, answer: Pending["answer"]): Pending["answer"] => {
    if (!isAtHand(answer)) return share(key, answer, now)
    remember(key, answer.value, now)
    return answer
  }

  const forget = (isConcerned: (facts: Facts) => boolean) => {
    epoch++
    pending.clear()
    unknown.clear()
    for (const [key, { answer }] of known) {
      if (answer.value !== undefined && isConcerned(answer.value)) known.delete(key)
    }
  }

  const cache: LookUpCache = {
    lookUp: (sha256, instant) => {
      const key = sha256.hex
      const now = instant.epochMilliseconds
      const entry = known.get(key)
      if (entry !== undefined && isFresh(entry, now, staleness)) return entry.answer
      const nobody = unknown.get(key)
      if (nobody !== undefined && isFresh(nobody, now, unknownStaleness)) return nobody.answer
      const shared = pending.get(key)
      if (shared !== undefined && isFresh(shared, now, staleness)) return shared.answer
      return begin(key, now, lookUp(sha256, instant))
    },
    forgetToken: (id) => forget(({ found: { token } }) => token.id === id || token.ancestors.includes(id)),
    forgetOwner: (ownedBy) => forget(({ found: { token } }) => token.ownedBy === ownedBy),
    forgetAll: () => forget(() => true),
  }
  return cache
})

/** A clock that was set back makes nothing fresh again. */
const isFresh = ({ since }: { readonly since: number }, now: number, staleness: number): boolean =>
  since <= now && now - since < staleness

const millisecondsOf = (name: string, duration: Duration.Input): number => {
  const milliseconds = Duration.toMillis(duration)
  if (!(milliseconds >= 0 && milliseconds <= 3_600_000)) throw new RangeError(`cache.${name} must be an hour at most`)
  return milliseconds
}
