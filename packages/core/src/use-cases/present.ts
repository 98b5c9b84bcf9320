/** The current time, as use cases see it. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** In whole milliseconds, even with a test clock that counts in fractions. */
export const instantOf = (fiber: Fiber.Fiber<unknown, unknown>): DateTime.Utc =>
  DateTime.makeUnsafe(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())

export const currentInstant = Effect.withFiberSucceed(instantOf)
