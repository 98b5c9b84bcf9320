/** The port to a request counter: a limit, a window, and a count per key. */

/** Counts in memory, or in a database that several processes share. An adapter is a few lines around a library. */
export interface RateLimiter {
  /**
   * Counts one more request for the key and reports whether it is within the limit. Atomic: however many requests
   * arrive at once, no more than the limit are allowed. If the counter doesn't answer within a time the adapter states,
   * the result is `Unavailable`.
   *
   * The key is short and contains no secret: what it counts (`token:`, `owner:`, `address:`), and an id or an address.
   */
  readonly consume: (key: string) => Promise<Consumption | RateLimiterUnavailable>
}

/** The state of a key's limit after one request. All numbers are whole and not negative. */
export interface Consumption {
  readonly _tag: "Consumed"
  readonly allowed: boolean
  /** How many more requests this window allows; 0 if this one wasn't allowed. */
  readonly remaining: number
  /** Seconds until the window ends, rounded up, so a request after that is allowed again. */
  readonly resetSeconds: number
  /** How many requests a window allows. */
  readonly limit: number
  readonly windowSeconds: number
}

export interface RateLimiterUnavailable {
  readonly _tag: "Unavailable"
  /** For your log. Contains no key. */
  readonly cause: unknown
}
