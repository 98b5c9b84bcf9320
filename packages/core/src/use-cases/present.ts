/** The present, as use cases see it. */
import { Clock, DateTime, Effect } from "effect"

/** To the millisecond, also where a clock for tests counts in fractions of one. */
export const currentInstant = Effect.map(Clock.currentTimeMillis, (milliseconds) => DateTime.makeUnsafe(milliseconds))
