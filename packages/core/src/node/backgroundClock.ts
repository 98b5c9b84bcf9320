/** The system's clock, whose timers don't keep a process alive that has nothing else to do. */
import { Clock, Duration, Effect } from "effect"

/** The longest that a timer of Node's can be set to; a longer one would go off at once. */
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

/** For what waits in the background. A program that ends without closing loses what waited. */
export const backgroundClock: Clock.Clock = Object.assign(Object.create(Effect.runSync(Clock.Clock)) as Clock.Clock, {
  sleep,
})
