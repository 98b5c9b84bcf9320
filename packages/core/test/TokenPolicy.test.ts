import { describe, expect, it } from "@effect/vitest"
import { TokenPolicy } from "@tokenry/core"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { at, day } from "./builders.ts"

const now = at(1_000_000)
const inMilliseconds = (milliseconds: number) => at(now.epochMilliseconds + milliseconds)
const standard = TokenPolicy.make()

/** The resulting expiry: milliseconds from now, `null` for never, or the sentence that forbids it. */
const outcome = (policy: TokenPolicy, requested: Parameters<typeof TokenPolicy.expiryFor>[1]) => {
  const expiry = TokenPolicy.expiryFor(policy, requested, now)
  return typeof expiry === "string"
    ? expiry
    : Option.match(expiry, {
        onNone: () => null,
        onSome: (instant) => instant.epochMilliseconds - now.epochMilliseconds,
      })
}

describe("the standard policy", () => {
  it("gives 90 days if no expiry is requested", () => {
    expect(outcome(standard, undefined)).toBe(90 * day)
  })

  it("allows up to 366 days, to the millisecond", () => {
    expect(outcome(standard, Duration.days(366))).toBe(366 * day)
    expect(outcome(standard, inMilliseconds(366 * day))).toBe(366 * day)
    expect(outcome(standard, Duration.millis(366 * day + 1))).toBe("must be within 366 days")
    expect(outcome(standard, inMilliseconds(366 * day + 1))).toBe("must be within 366 days")
  })

  it("requires an expiry in the future, to the millisecond", () => {
    expect(outcome(standard, inMilliseconds(1))).toBe(1)
    expect(outcome(standard, Duration.millis(1))).toBe(1)
    expect(outcome(standard, now)).toBe("must be in the future")
    expect(outcome(standard, inMilliseconds(-1))).toBe("must be in the future")
    expect(outcome(standard, at(-day))).toBe("must be in the future")
    expect(outcome(standard, Duration.zero)).toBe("must be in the future")
    expect(outcome(standard, Duration.millis(-1))).toBe("must be in the future")
  })

  it("doesn't allow never", () => {
    expect(outcome(standard, null)).toBe("is required: the policy doesn't allow tokens that never expire")
    expect(outcome(standard, Duration.infinity)).toBe("must be within 366 days")
  })
})

describe("a policy", () => {
  it("can allow never, and make it the default", () => {
    const policy = TokenPolicy.make({ allowsNeverExpiring: true, defaultLifetime: null })
    expect(outcome(policy, null)).toBe(null)
    expect(outcome(policy, undefined)).toBe(null)
    expect(outcome(policy, Duration.days(367))).toBe("must be within 366 days")
  })

  it("without a longest lifetime allows 100 years", () => {
    const policy = TokenPolicy.make({ longestLifetime: null })
    expect(outcome(policy, Duration.days(36_525))).toBe(36_525 * day)
    expect(outcome(policy, Duration.millis(36_525 * day + 1))).toBe("must be within 100 years")
    expect(outcome(policy, DateTime.makeUnsafe("9999-12-31T23:59:59Z"))).toBe("must be within 100 years")
    expect(outcome(policy, null)).toBe("is required: the policy doesn't allow tokens that never expire")
  })

  it("can have a default equal to its longest lifetime", () => {
    const policy = TokenPolicy.make({ defaultLifetime: Duration.days(7), longestLifetime: Duration.days(7) })
    expect(outcome(policy, undefined)).toBe(7 * day)
  })

  it.each([
    { defaultLifetime: null },
    { defaultLifetime: Duration.zero },
    { defaultLifetime: Duration.days(-1) },
    { defaultLifetime: Duration.infinity },
    { defaultLifetime: Duration.millis(Number.NaN) },
    { longestLifetime: Duration.zero },
    { longestLifetime: Duration.infinity },
    { longestLifetime: Duration.days(36_526) },
    { longestLifetime: Duration.days(89) },
    { defaultLifetime: Duration.days(367) },
    { defaultLifetime: Duration.days(36_526), longestLifetime: null },
  ])("that contradicts itself can't be made: case %#", (options) => {
    expect(() => TokenPolicy.make(options)).toThrow(/^TokenPolicy: /)
  })
})
