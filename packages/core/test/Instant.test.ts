import { describe, expect, it } from "@effect/vitest"
import { Instant } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

const iso = (text: string) => Instant.parse(text)?.epochMilliseconds

describe("an RFC 3339 date and time", () => {
  it.each([
    ["2027-01-01T00:00:00Z", "2027-01-01T00:00:00.000Z"],
    ["2027-01-01t00:00:00z", "2027-01-01T00:00:00.000Z"],
    ["2027-01-01T01:30:00+01:30", "2027-01-01T00:00:00.000Z"],
    ["2026-12-31T23:00:00-01:00", "2027-01-01T00:00:00.000Z"],
    ["2027-01-01T00:30:00+01:00", "2026-12-31T23:30:00.000Z"],
    ["2028-02-28T23:30:00-00:30", "2028-02-29T00:00:00.000Z"],
    ["2027-01-01T00:00:00+00:00", "2027-01-01T00:00:00.000Z"],
    ["2027-01-01T00:00:00-00:00", "2027-01-01T00:00:00.000Z"],
    ["2027-01-01T00:00:00+23:59", "2026-12-31T00:01:00.000Z"],
    ["2028-02-29T12:00:00Z", "2028-02-29T12:00:00.000Z"],
    ["2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000Z"],
    ["2027-01-01T23:59:59.9Z", "2027-01-01T23:59:59.900Z"],
    ["2027-01-01T23:59:59.05Z", "2027-01-01T23:59:59.050Z"],
    ["2027-01-01T23:59:59.999999999Z", "2027-01-01T23:59:59.999Z"],
    ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
    ["0099-12-31T00:00:00Z", "0099-12-31T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
    ["9999-12-31T23:59:59-23:59", "+010000-01-01T23:58:59.000Z"],
    ["0000-01-01T00:00:00+23:59", "-000001-12-31T00:01:00.000Z"],
  ])("%s is %s", (text, utc) => {
    expect(iso(text)).toBe(Date.parse(utc))
  })
})

describe("refuses as an instant", () => {
  it.each([
    "",
    "1",
    "1798761600000",
    "Jan 1 2027",
    "2027-01-01",
    "2027-01-01T00:00:00",
    "2027-01-01T00:00Z",
    "2027-01-01 00:00:00Z",
    "2027-01-01T00:00:00 Z",
    "2027-1-1T00:00:00Z",
    "27-01-01T00:00:00Z",
    "+002027-01-01T00:00:00Z",
    "12027-01-01T00:00:00Z",
    "2027-02-30T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2027-04-31T00:00:00Z",
    "2027-00-01T00:00:00Z",
    "2027-13-01T00:00:00Z",
    "2027-01-00T00:00:00Z",
    "2027-01-32T00:00:00Z",
    "2027-01-01T24:00:00Z",
    "2027-01-01T00:60:00Z",
    "2027-06-30T23:59:60Z",
    "2027-01-01T00:00:00.Z",
    "2027-01-01T00:00:00.1234567890Z",
    "2027-01-01T00:00:00,5Z",
    "2027-01-01T00:00:00+1:00",
    "2027-01-01T00:00:00+0100",
    "2027-01-01T00:00:00+24:00",
    "2027-01-01T00:00:00+01:60",
    "2027-01-01T00:00:00\u221201:00",
    "2027-01-01T00:00:00[UTC]",
    "2027-01-01T00:00:00Z[Europe/Berlin]",
    " 2027-01-01T00:00:00Z",
    "2027-01-01T00:00:00Z\n",
    "２０２７-01-01T00:00:00Z",
    "2027-W01-1T00:00:00Z",
    "9".repeat(100_000),
  ])("case %#: %.40s", (text) => {
    expect(Instant.parse(text)).toBe(undefined)
  })
})

const years0To9999 = Schema.Int.check(
  Schema.isBetween({ minimum: Date.parse("0000-01-01T00:00:00Z"), maximum: Date.parse("9999-12-31T23:59:59.999Z") }),
)
const offsetMinutes = Schema.Int.check(Schema.isBetween({ minimum: -1439, maximum: 1439 }))

it.prop("a formatted instant parses to the same instant", [years0To9999], ([milliseconds]) => {
  expect(iso(DateTime.formatIso(DateTime.makeUnsafe(milliseconds)))).toBe(milliseconds)
})

it.prop("the same instant parses from every offset", [offsetMinutes], ([offset]) => {
  const utc = Date.parse("2028-02-29T00:00:00Z")
  const local = new Date(utc + offset * 60_000).toISOString().slice(0, 19)
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60]
  const suffix = `${offset < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`
  expect(iso(local + suffix)).toBe(utc)
})
