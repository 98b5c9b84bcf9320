/** Detects jumps of the wall clock by comparing it with the monotonic clock. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

interface ClockWatch {
  /** Whether the wall clock is reliable now. Cheap; call it before any work that depends on it. */
  readonly isSteady: Effect.Effect<boolean>
}

/** The tolerated drift between the clocks: a minute, plus a thousandth of the elapsed time. */
const toleratedMilliseconds = 60_000
const toleratedShare = 0.001

/** How long to wait without another jump before trusting the new time. */
const settlingMilliseconds = 3_600_000

/** The wall clock's time at zero on the monotonic clock, calculated at some point in time. */
interface Origin {
  readonly wall: number
  readonly at: number
}

/**
 * After a jump the wall clock isn't steady until it jumps back, or until an hour passes without another jump: then the
 * earlier time must have been wrong. Whether it was right at startup is unknown.
 */
export const makeClockWatch: Effect.Effect<ClockWatch> = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const read = (): Origin => {
    const at = Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
    return { wall: clock.currentTimeMillisUnsafe() - at, at }
  }
  let trusted = read()
  let jumped: Origin | undefined
  return {
    isSteady: Effect.sync(() => {
      const now = read()
      if (!agree(trusted, now)) {
        if (jumped === undefined || !agree(jumped, now)) jumped = now
        if (now.at - jumped.at < settlingMilliseconds) return false
      }
      trusted = now
      jumped = undefined
      return true
    }),
  }
})

const agree = (before: Origin, now: Origin): boolean =>
  Math.abs(now.wall - before.wall) <= toleratedMilliseconds + toleratedShare * (now.at - before.at)
