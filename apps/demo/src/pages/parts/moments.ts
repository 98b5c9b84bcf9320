/** Times for people. The exact time in UTC is shown on hover; the script converts it to the reader's time zone. */
import { type Html, html } from "./html.ts"

const units = [
  ["year", 365 * 24 * 3600],
  ["month", 30 * 24 * 3600],
  ["day", 24 * 3600],
  ["hour", 3600],
  ["minute", 60],
] as const

const relative = new Intl.RelativeTimeFormat("en")
const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" })

/** `3 minutes ago`, `in 2 days`, in the largest unit that fits; `just now` within a minute either way. */
const fromNow = (date: Date, now: Date): string => {
  const seconds = (date.getTime() - now.getTime()) / 1000
  const unit = units.find(([, length]) => Math.abs(seconds) >= length)
  return unit === undefined ? "just now" : relative.format(wholeOf(seconds / unit[1]), unit[0])
}

/** Rounds up the future, so 30 days ahead less a second is still 30 days, and rounds down the past. */
const wholeOf = (amount: number): number => (amount > 0 ? Math.round(amount) : Math.trunc(amount))

/** `2 Dec 2026, 10:03 UTC`. */
const exactly = (date: Date): string => `${absolute.format(date)} UTC`

/** How long ago or ahead, with the exact time on hover. */
export const distanceOf = (date: Date, now: Date): Html =>
  html`<time datetime="${date.toISOString()}" title="${exactly(date)}">${fromNow(date, now)}</time>`

/** The exact time. */
export const momentOf = (date: Date): Html => html`<time datetime="${date.toISOString()}">${exactly(date)}</time>`
