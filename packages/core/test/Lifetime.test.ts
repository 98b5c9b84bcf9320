import { expect, it } from "@effect/vitest"
import { Lifetime } from "@tokenry/core/adapter"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const minute = 60_000

it.each([
  ["1 minute", minute],
  ["30 minutes", 30 * minute],
  ["1 hour", 60 * minute],
  ["12 hours", 720 * minute],
  ["1 day", 1440 * minute],
  ["1 days", 1440 * minute],
  ["90 days", 90 * 1440 * minute],
  ["90 day", 90 * 1440 * minute],
  ["52 weeks", 364 * 1440 * minute],
  ["0 minutes", 0],
  ["999999999 weeks", 999_999_999 * 10_080 * minute],
])("%s is a lifetime", (text, milliseconds) => {
  const duration = Lifetime.parse(text)
  expect(duration && Duration.toMillis(duration)).toBe(milliseconds)
})

it.each([
  "",
  "5",
  "days",
  "Infinity days",
  "NaN days",
  "-5 days",
  "+5 days",
  "-0 days",
  "1.5 days",
  "1e3 days",
  "0x10 days",
  "1_000 days",
  "01 days",
  "999999999999 weeks",
  "1000000000 minutes",
  "5 Days",
  "5days",
  "5  days",
  " 5 days",
  "5 days ",
  "5 days\n",
  "5 dayss",
  "5 seconds",
  "5 millis",
  "5 months",
  "5 years",
  "P5D",
  "٥ days",
])("%j isn't a lifetime", (text) => {
  expect(Lifetime.parse(text)).toBe(undefined)
})

it.prop("every lifetime is finite and not negative", [Schema.String], ([text]) => {
  const duration = Lifetime.parse(text)
  expect(duration === undefined || (Duration.isFinite(duration) && Duration.toMillis(duration) >= 0)).toBe(true)
})
