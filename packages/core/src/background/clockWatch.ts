/** Notices that the wall clock was set, by comparing it with the monotonic clock. */
import { Clock, Effect } from "effect"

interface ClockWatch {
  /** Whether the wall clock can be relied on now. Cheap; call it before each piece of work that depends on it. */
  readonly isSteady: Effect.Effect<boolean>
}

/** How far both clocks may drift apart: a minute, and a thousandth of the time that has passed. */
const toleratedMilliseconds = 60_000
const toleratedShare = 0.001

/** After what time without another jump the new time is believed. */
const settlingMilliseconds = 3_600_000

/** The wall clock's time when the monotonic clock was at 0, as reckoned at a moment of the monotonic clock. */
interface Origin {
  readonly wall: number
  readonly at: number
}

/**
 * A wall clock that has jumped is not steady until it is back, or until an hour has passed without another jump: then the
 * time before was the wrong one. Whether it was right at the beginning can't be known.
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
