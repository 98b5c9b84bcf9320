/** Durations as the library's options take them: `"30 days"`, or Effect's `Duration`. */
import { Duration, Option } from "effect"

/**
 * `"90 days"`, `"12 hours"`, `"500 millis"`, or an Effect `Duration`. A plain number counts as milliseconds, as everywhere
 * in Effect.
 */
export type DurationOption = Duration.Input

/** The bounds of an option, both inclusive, with the words its error uses for them. */
export interface DurationBounds {
  readonly atLeast: Duration.Duration
  readonly atMost: Duration.Duration
  /** The end of the sentence "… must be a duration": `of a second or more`. */
  readonly words: string
}

/** The longest duration that counts anywhere: 100 years. */
export const longestOfAll = Duration.days(36_525)

/** More than zero, at most 100 years. */
export const anyLength: DurationBounds = {
  atLeast: Duration.nanos(1n),
  atMost: longestOfAll,
  words: "of more than zero and at most 100 years",
}

/** Zero to 100 years. */
export const zeroOrMore: DurationBounds = {
  atLeast: Duration.zero,
  atMost: longestOfAll,
  words: "of zero or more and at most 100 years",
}

/** A second to 100 years. */
export const aSecondOrMore: DurationBounds = {
  atLeast: Duration.seconds(1),
  atMost: longestOfAll,
  words: "of a second or more and at most 100 years",
}

/**
 * The option's value as a `Duration`.
 *
 * @throws RangeError that names the option and shows what to write, if the value is no duration or out of bounds.
 */
export const durationOption = (name: string, value: DurationOption, bounds: DurationBounds): Duration.Duration => {
  const duration = Option.getOrUndefined(Duration.fromInput(value))
  if (
    duration === undefined ||
    !Duration.isFinite(duration) ||
    Duration.isLessThan(duration, bounds.atLeast) ||
    Duration.isGreaterThan(duration, bounds.atMost)
  ) {
    throw new RangeError(`${name} must be a duration ${bounds.words}, such as "30 days"`)
  }
  return duration
}
