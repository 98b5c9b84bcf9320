/** A wall clock that is set to another time, temporarily or for good. */
import { expect, it } from "@effect/vitest"
import { ApiTokens, TokenPolicy } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { at, day, hour } from "./builders.ts"
import { issue, settled, stored, verdictOn, world } from "./world.ts"

/** The test's clock, whose wall time can be set independently of the monotonic one. */
const aClock = Effect.map(Clock.Clock, (test) => {
  let ahead = 0
  const clock: Clock.Clock = Object.assign(Object.create(test) as Clock.Clock, {
    currentTimeMillisUnsafe: () => test.currentTimeMillisUnsafe() + ahead,
    currentTimeMillis: Effect.sync(() => test.currentTimeMillisUnsafe() + ahead),
  })
  return { clock, setAhead: (milliseconds: number) => void (ahead = milliseconds) }
})

const logged: Array<string> = []
const logger = Logger.make(({ message }) => void logged.push(String(message)))

const sweeping = (every: Duration.Input) =>
  world({
    policy: TokenPolicy.make({ longestUnused: Duration.days(30) }),
    sweeps: { every, purgeDeadFor: "1 day", revokeUnused: true },
  })

const onJumpingClock = (
  every: Duration.Input,
  test: (setAhead: (ahead: number) => void) => Effect.Effect<void, unknown, ApiTokens | ApiTokenRepository>,
) =>
  Effect.gen(function* () {
    logged.length = 0
    const { clock, setAhead } = yield* aClock
    yield* test(setAhead).pipe(
      Effect.provide(sweeping(every)),
      Effect.provideService(Clock.Clock, clock),
      Effect.provide(Logger.layer([logger])),
    )
  })

it.effect("while the clock is 400 days ahead, nothing is purged or revoked, and the log says so once", () =>
  onJumpingClock("1 second", (setAhead) =>
    Effect.gen(function* () {
      const { plaintext } = yield* issue()
      const { plaintext: dead } = yield* issue({ expiresIn: "1 hour" })
      yield* TestClock.adjust("10 seconds")
      setAhead(400 * day)
      yield* TestClock.adjust("3 seconds")
      setAhead(0)
      yield* TestClock.adjust("3 seconds")
      expect(yield* verdictOn(plaintext)).toBe("accepted")
      expect(yield* verdictOn(dead)).toBe("accepted")
      expect(logged.filter((line) => line.includes("clock jumped"))).toHaveLength(1)
    }),
  ),
)

it.effect("sweeps resume at once when the clock is correct again", () =>
  onJumpingClock("30 minutes", (setAhead) =>
    Effect.gen(function* () {
      const { plaintext } = yield* issue({ expiresIn: "1 hour" })
      yield* TestClock.adjust("25 hours")
      setAhead(-400 * day)
      yield* TestClock.adjust("30 minutes")
      setAhead(0)
      yield* settled
      expect(yield* verdictOn(plaintext)).toBe("Expired")
      yield* TestClock.adjust("30 minutes")
      yield* settled
      expect(yield* verdictOn(plaintext)).toBe("Unknown")
    }),
  ),
)

it.effect("a clock that stays at its new time is trusted after an hour", () =>
  onJumpingClock("1 minute", (setAhead) =>
    Effect.gen(function* () {
      const { plaintext } = yield* issue({ expiresIn: "1 hour" })
      yield* TestClock.adjust("1 minute")
      setAhead(2 * day)
      yield* TestClock.adjust("60 minutes")
      yield* settled
      expect(yield* verdictOn(plaintext)).toBe("Expired")
      yield* TestClock.adjust("1 minute")
      yield* settled
      expect(yield* verdictOn(plaintext)).toBe("Unknown")
    }),
  ),
)

it.effect("each further jump restarts the hour", () =>
  onJumpingClock("30 minutes", (setAhead) =>
    Effect.gen(function* () {
      const { plaintext } = yield* issue({ expiresIn: "1 hour" })
      for (let days = 2; days < 10; days++) {
        setAhead(days * day)
        yield* TestClock.adjust("60 minutes")
      }
      yield* settled
      expect(yield* verdictOn(plaintext)).toBe("Expired")
    }),
  ),
)

it.effect("a clock that is slewed a little all the time counts as steady", () =>
  onJumpingClock("1 hour", (setAhead) =>
    Effect.gen(function* () {
      const { plaintext } = yield* issue({ expiresIn: "1 hour" })
      for (let hours = 1; hours <= 27; hours++) {
        setAhead(hours * 59_000)
        yield* TestClock.adjust("1 hour")
      }
      yield* settled
      expect(yield* verdictOn(plaintext)).toBe("Unknown")
      expect(logged).toEqual([])
    }),
  ),
)

it.effect("a use recorded while the clock was ahead isn't in the future", () =>
  onJumpingClock("1 day", (setAhead) =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const { plaintext, token } = yield* issue()
      const lastUse = Effect.map(tokens.usageOf([token]), (usages) => Option.getOrThrow(usages)[0])
      setAhead(10 * day)
      yield* verdictOn(plaintext, ["treasure:read"])
      setAhead(0)
      yield* TestClock.setTime(1000)
      expect(yield* lastUse).toMatchObject({
        lastUsedAt: Option.some(at(1000)),
        scopes: new Map([["treasure:read", at(1000)]]),
      })
      yield* TestClock.setTime(hour)
      const written = { lastUsedAt: Option.some(at(60_000)), scopes: new Map([["treasure:read", at(60_000)]]) }
      expect(yield* lastUse).toMatchObject(written)
      expect((yield* stored(token.id)).revision).toBe(1)
    }),
  ),
)

it.effect("a use written while the clock was ahead is brought back to the present", () =>
  onJumpingClock("1 day", (setAhead) =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const { plaintext, token } = yield* issue()
      setAhead(10 * day)
      yield* verdictOn(plaintext)
      yield* tokens.flush
      setAhead(0)
      yield* TestClock.setTime(hour)
      const lastUse = Effect.map(tokens.usageOf([token]), (usages) => Option.getOrThrow(usages)[0]?.lastUsedAt)
      expect(yield* lastUse).toEqual(Option.some(at(hour)))
      yield* tokens.flush
      yield* TestClock.setTime(2 * hour)
      expect(yield* lastUse).toEqual(Option.some(at(hour)))
    }),
  ),
)
