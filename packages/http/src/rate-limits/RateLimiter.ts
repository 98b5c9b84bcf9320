/** The port to what counts requests: a limit, a window, and a count for each key. */

/**
 * Counts on whatever is at hand, such as memory or a database that several processes share. An adapter is a few lines
 * around a library.
 */
export interface RateLimiter {
  /**
   * Counts one more request for the key and says whether it is within the limit. Atomic: of any number at once, no more
   * than the limit are allowed. What does not answer within a bound that the adapter states is `Unavailable`.
   *
   * The key has no secret in it, and is short: what it names (`token:`, `owner:`, `address:`), and an id or an address.
   */
  readonly consume: (key: string) => Promise<Consumption | RateLimiterUnavailable>
}

/** What became of a key's limit by one request. All numbers are whole and not negative. */
export interface Consumption {
  readonly _tag: "Consumed"
  readonly allowed: boolean
  /** How many more are allowed in this window; 0 for one that is not. */
  readonly remaining: number
  /** Until the window ends, rounded up, so that a request after so long is allowed again. */
  readonly resetSeconds: number
  /** How many are allowed in a window. */
  readonly limit: number
  readonly windowSeconds: number
}

export interface RateLimiterUnavailable {
  readonly _tag: "Unavailable"
  /** For a log. Holds no key. */
  readonly cause: unknown
}
