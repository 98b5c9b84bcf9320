/** Durations as options accept them: `"30 days"`, or Effect's `Duration`. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * `"90 days"`, `"12 hours"`, `"500 millis"`, or an Effect `Duration`. A plain number is in milliseconds, as everywhere
 * in Effect.
 */
export type DurationOption = Duration.Input

/** An option's inclusive bounds, and how its error describes them. */
export interface DurationBounds {
  readonly atLeast: Duration.Duration
  readonly atMost: Duration.Duration
  /** Completes the sentence "… must be a duration": `of a second or more`. */
  readonly words: string
}

/** The longest duration allowed anywhere: 100 years. */
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
 * @throws RangeError that names the option and gives an example, if the value isn't a duration or is out of bounds.
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

/** A duration in words for a message: `366 days`, `1 hour 30 minutes`, `100 years`. */
export const spelled = (duration: Duration.Duration): string =>
  Duration.equals(duration, longestOfAll)
    ? "100 years"
    : Duration.format(duration).replaceAll(/(\d+)(ms|d|h|m|s)\b/g, (_, count: string, unit: keyof typeof unitNames) =>
        count === "1" ? `1 ${unitNames[unit]}` : `${count} ${unitNames[unit]}s`,
      )

const unitNames = { d: "day", h: "hour", m: "minute", s: "second", ms: "millisecond" } as const
