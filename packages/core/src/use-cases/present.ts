/** The current time, as use cases see it. */
import { Clock, DateTime, Effect } from "effect"

/** In whole milliseconds, even with a test clock that counts in fractions. */
export const currentInstant = Effect.map(Clock.currentTimeMillis, (milliseconds) => DateTime.makeUnsafe(milliseconds))
