/** How long OAuth's endpoints wait for a request's body. */
import { type DurationOption, durationOption, type OptionRule } from "@tokenry/core"
import * as Duration from "effect/Duration"

/** In milliseconds; 10 seconds by default. @throws RangeError if it is not between zero and 10 minutes. */
export const bodyTimeoutOf = (bodyTimeout: DurationOption = "10 seconds"): number =>
  Duration.toMillis(durationOption("bodyTimeout", bodyTimeout, bounds))

/** The duration itself is checked by `bodyTimeoutOf`, which says what a duration looks like. */
export const bodyTimeoutRule: OptionRule = [() => true, 'write bodyTimeout: "10 seconds"']

const bounds = {
  atLeast: Duration.millis(1),
  atMost: Duration.minutes(10),
  words: "of more than zero and at most 10 minutes",
}
