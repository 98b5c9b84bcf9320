/** The system clock, with timers that don't keep an otherwise idle process alive. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** The longest delay of a Node timer; a longer one fires immediately. */
const longest = Duration.millis(2 ** 31 - 1)

const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
  Duration.isGreaterThan(duration, longest)
    ? Effect.andThen(
        sleep(longest),
        Effect.suspend(() => sleep(Duration.subtract(duration, longest))),
      )
    : Effect.callback<void>((resume) => {
        const timer = setTimeout(() => resume(Effect.void), Duration.toMillis(duration))
        timer.unref()
        return Effect.sync(() => clearTimeout(timer))
      })

/** For background work. A program that exits without closing loses work that is still waiting. */
export const backgroundClock: Clock.Clock = Object.assign(Object.create(Effect.runSync(Clock.Clock)) as Clock.Clock, {
  sleep,
})
