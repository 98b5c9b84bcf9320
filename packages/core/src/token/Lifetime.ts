/** A token's lifetime as people write it: `90 days`. */
import * as Duration from "effect/Duration"

/** `"30 minutes"`, `"12 hours"`, `"90 days"`, `"52 weeks"`. The singular works too. */
export type Lifetime = `${number} ${"minute" | "hour" | "day" | "week"}${"" | "s"}`

const pattern = /^(0|[1-9]\d{0,8}) (minute|hour|day|week)s?$/

/** The duration, finite and never negative; `undefined` if the text isn't a lifetime. `0 days` is valid. */
const parse = (text: string): Duration.Duration | undefined => {
  const match = pattern.exec(text)
  return match === null ? undefined : units[match[2] as keyof typeof units](Number(match[1]))
}

const units = { minute: Duration.minutes, hour: Duration.hours, day: Duration.days, week: Duration.weeks }

export const Lifetime = { parse } as const
