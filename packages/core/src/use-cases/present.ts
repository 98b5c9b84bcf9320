/** The current time, as use cases see it. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"

/** In whole milliseconds, even with a test clock that counts in fractions. */
export const currentInstant = Effect.map(Clock.currentTimeMillis, (milliseconds) => DateTime.makeUnsafe(milliseconds))
