/** How long an endpoint waits for a body: the same option in every adapter. */
import type { DurationOption } from "@tokenry/core"
import { durationOption, type OptionRule } from "@tokenry/core/adapter"
import * as Duration from "effect/Duration"

/**
 * The option in milliseconds. Default: 10 seconds.
 *
 * @throws RangeError unless it is more than zero and at most 10 minutes.
 */
export const bodyTimeoutMilliseconds = (bodyTimeout: DurationOption = "10 seconds"): number =>
  Duration.toMillis(durationOption("bodyTimeout", bodyTimeout, bounds))

/** The duration itself is checked by `bodyTimeoutMilliseconds`, which says what a duration looks like. */
export const bodyTimeoutRule: OptionRule = [() => true, 'write bodyTimeout: "10 seconds"']

const bounds = {
  atLeast: Duration.millis(1),
  atMost: Duration.minutes(10),
  words: "of more than zero and at most 10 minutes",
}
