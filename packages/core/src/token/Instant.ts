/** Instants, and how people write them: RFC 3339 with an offset and an existing calendar day. */
import * as DateTime from "effect/DateTime"

/**
 * All it takes to compare instants. A `DateTime.Utc` has it too, but creating one can cost more than the comparison.
 */
export type Instant = Pick<DateTime.Utc, "epochMilliseconds">

const pattern = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/

/**
 * The instant an RFC 3339 §5.6 `date-time` names, truncated to the millisecond; `undefined` if the text isn't valid: no
 * offset, a day the month doesn't have, hour 24. A leap second, `:60`, is refused because JavaScript has none.
 */
const parse = (text: string): DateTime.Utc | undefined => {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Parts
  const [offsetHours, offsetMinutes] = [Number(match[10] ?? 0), Number(match[11] ?? 0)]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined
  const local = new Date(0)
  local.setUTCFullYear(year, month - 1, day)
  local.setUTCHours(hour, minute, second, Number((match[7] ?? "").padEnd(3, "0").slice(0, 3)))
  const offset = (match[9] === "-" ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000
  return DateTime.makeUnsafe(local.getTime() - offset)
}

type Parts = [year: number, month: number, day: number, hour: number, minute: number, second: number]

const daysInMonth = (year: number, month: number): number => {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return month === 2 ? (isLeapYear ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
}

export const Instant = { parse } as const
