/** A limiter for tests: in memory, with a clock set by the test, and an outage on demand. */
import type { Consumption, RateLimiter, RateLimiterUnavailable } from "@tokenry/http"

export interface TestLimiter extends RateLimiter {
  /** How often each key was counted, in order of first appearance. */
  readonly asked: Map<string, number>
  /** Moves the clock forward by this many seconds. */
  readonly pass: (seconds: number) => void
  isDown: boolean
}

export const aRateLimiter = (limit: number, windowSeconds = 60): TestLimiter => {
  let now = 0
  const windows = new Map<string, { count: number; end: number }>()
  const limiter: TestLimiter = {
    asked: new Map(),
    pass: (seconds) => void (now += seconds),
    isDown: false,
    consume: async (key): Promise<Consumption | RateLimiterUnavailable> => {
      limiter.asked.set(key, (limiter.asked.get(key) ?? 0) + 1)
      if (limiter.isDown) return { _tag: "Unavailable", cause: new Error("The limiter is down") }
      const open = windows.get(key)
      const window = open === undefined || open.end <= now ? { count: 0, end: now + windowSeconds } : open
      window.count += 1
      windows.set(key, window)
      return {
        _tag: "Consumed",
        allowed: window.count <= limit,
        remaining: Math.max(0, limit - window.count),
        resetSeconds: Math.ceil(window.end - now),
        limit,
        windowSeconds,
      }
    },
  }
  return limiter
}
