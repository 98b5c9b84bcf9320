import { expect, it } from "@effect/vitest"
import { type ApiToken, ApiTokens, type RotateRequest, TokenPolicy } from "@tokenry/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { at, byAlice, day, hour } from "./builders.ts"
import { overtaken } from "./repositories.ts"
import { callerWith, issue, outcomeOf, stored, verdictOn, world } from "./world.ts"

const minute = 60_000

const rotate = (id: string, request: Partial<RotateRequest> = {}) =>
  ApiTokens.use((tokens) => tokens.rotate({ id, ownedBy: "user-1", ...request }))

const statesOf = (token: {
  readonly secrets: ReadonlyArray<{ readonly generation: number; readonly state: object }>
}) => token.secrets.map(({ generation, state }) => [generation, state])

it.effect("a rotation gives the same token a new secret, and the old one is accepted until its grace period ends", () =>
  Effect.gen(function* () {
    const { plaintext: old, token } = yield* issue()
    yield* TestClock.adjust("1 hour")
    const rotated = yield* rotate(token.id, { by: byAlice })
    expect(rotated.plaintext).not.toBe(old)
    expect(rotated.token).toMatchObject({ id: token.id, name: "CI", scopes: token.scopes, expiresAt: token.expiresAt })
    expect(rotated.token.history.at(-1)).toEqual({
      kind: "rotated",
      at: at(hour),
      ...byAlice,
      detail: Option.none(),
    })
    expect(yield* callerWith(old)).toMatchObject({ generation: 1, expiresAt: Option.some(at(hour + day)) })
    expect(yield* callerWith(rotated.plaintext)).toMatchObject({ generation: 2, expiresAt: Option.some(at(90 * day)) })
    yield* TestClock.setTime(hour + day - 1)
    expect(yield* verdictOn(old)).toBe("accepted")
    yield* TestClock.setTime(hour + day)
    expect(yield* verdictOn(old)).toBe("Retired")
    expect(yield* verdictOn(rotated.plaintext)).toBe("accepted")
  }).pipe(Effect.provide(world())),
)

it.effect("a grace period of 0 minutes ends the old secret at once", () =>
  Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    const rotated = yield* rotate(token.id, { graceFor: "0 minutes" })
    expect(yield* verdictOn(plaintext)).toBe("Retired")
    expect(statesOf(rotated.token)).toEqual([
      [2, { _tag: "Active" }],
      [1, { _tag: "Retired", at: at(0) }],
    ])
  }).pipe(Effect.provide(world())),
)

it.effect("the policy sets the default and the longest grace period", () =>
  Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    const tooLong = yield* Effect.flip(rotate(token.id, { graceFor: "61 minutes" }))
    expect(tooLong).toMatchObject({
      _tag: "PolicyViolation",
      issues: [{ path: ["graceFor"], message: "must be at most 1 hour" }],
    })
    yield* rotate(token.id)
    yield* TestClock.setTime(10 * minute - 1)
    expect(yield* verdictOn(plaintext)).toBe("accepted")
    yield* TestClock.setTime(10 * minute)
    expect(yield* verdictOn(plaintext)).toBe("Retired")
  }).pipe(
    Effect.provide(
      world({ policy: TokenPolicy.make({ defaultGrace: Duration.minutes(10), longestGrace: Duration.hours(1) }) }),
    ),
  ),
)

it.effect("a renewal gives the new secret a new expiry, and the old one never outlives its own", () =>
  Effect.gen(function* () {
    const { plaintext: old, token } = yield* issue({ expiresIn: "1 hour" })
    const renewed = yield* rotate(token.id, { expiresIn: "90 days" })
    expect(renewed.token.expiresAt).toEqual(Option.some(at(90 * day)))
    expect(renewed.token.history.at(-1)?.detail).toEqual(Option.some("expiry was 1970-01-01T01:00:00.000Z"))
    yield* TestClock.setTime(hour - 1)
    expect(yield* verdictOn(old)).toBe("accepted")
    yield* TestClock.setTime(hour)
    expect(yield* verdictOn(old)).toBe("Retired")
    expect(yield* verdictOn(renewed.plaintext)).toBe("accepted")
  }).pipe(Effect.provide(world())),
)

it.effect("bringing the expiry forward after a rotation ends the grace period too", () =>
  Effect.gen(function* () {
    const { plaintext: old, token } = yield* issue()
    const rotated = yield* rotate(token.id)
    yield* ApiTokens.use((tokens) => tokens.edit({ id: token.id, ownedBy: "user-1", expiresIn: "1 hour" }))
    yield* TestClock.setTime(hour)
    expect(yield* verdictOn(old)).toBe("Expired")
    expect(yield* verdictOn(rotated.plaintext)).toBe("Expired")
  }).pipe(Effect.provide(world())),
)

it.effect(
  "a client that lost the response rotates again as often as needed, and clients in their grace period notice nothing",
  () =>
    Effect.gen(function* () {
      const { plaintext: clients, token } = yield* issue()
      const answers: Array<string> = []
      for (let attempt = 0; attempt < 10; attempt++) {
        yield* TestClock.adjust("1 minute")
        answers.push((yield* rotate(token.id)).plaintext)
        expect(yield* verdictOn(clients)).toBe("accepted")
      }
      const verdicts = yield* Effect.forEach(answers, (plaintext) => verdictOn(plaintext))
      expect(verdicts.slice(-2)).toEqual(["accepted", "accepted"])
      expect(new Set(verdicts.slice(0, -2))).toEqual(new Set(["Retired", "Unknown"]))
      yield* TestClock.setTime(day + minute)
      expect(yield* verdictOn(clients)).toBe("Retired")
    }).pipe(Effect.provide(world())),
)

it.effect("a token remembers one active secret, two retiring ones and the last five retired ones", () =>
  Effect.gen(function* () {
    const { token } = yield* issue()
    for (let attempt = 0; attempt < 12; attempt++) yield* rotate(token.id)
    const { secrets } = yield* stored(token.id)
    expect(secrets.map(({ generation, state }) => `${generation} ${state._tag}`)).toEqual([
      "13 Active",
      "12 Retiring",
      "11 Retired",
      "10 Retired",
      "9 Retired",
      "8 Retired",
      "7 Retired",
      "1 Retiring",
    ])
  }).pipe(Effect.provide(world())),
)

it.effect("a secret whose grace period is over counts as retired since then at the next rotation", () =>
  Effect.gen(function* () {
    const { token } = yield* issue()
    yield* rotate(token.id, { graceFor: "1 hour" })
    yield* TestClock.setTime(2 * hour)
    const rotated = yield* rotate(token.id)
    expect(statesOf(rotated.token)).toEqual([
      [3, { _tag: "Active" }],
      [2, { _tag: "Retiring", until: at(2 * hour + day) }],
      [1, { _tag: "Retired", at: at(hour) }],
    ])
  }).pipe(Effect.provide(world())),
)

it.effect("ending the grace period ends all of them now, and repeating it does nothing", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext: first, token } = yield* issue()
    const { plaintext: second } = yield* rotate(token.id)
    const { plaintext: third } = yield* rotate(token.id)
    const request = { id: token.id, ownedBy: "user-1", by: byAlice }
    const ended = yield* tokens.endGrace(request)
    expect(ended.history.at(-1)).toMatchObject({ kind: "grace-ended", ...byAlice })
    expect(yield* verdictOn(first)).toBe("Retired")
    expect(yield* verdictOn(second)).toBe("Retired")
    expect(yield* verdictOn(third)).toBe("accepted")
    expect((yield* tokens.endGrace(request)).revision).toBe(ended.revision)
  }).pipe(Effect.provide(world())),
)

it.effect("a revoked or expired token can't be rotated, nor its grace period ended", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const revoked = yield* issue()
    yield* tokens.revoke({ id: revoked.token.id, ownedBy: "user-1" })
    const expired = yield* issue({ expiresIn: "1 hour" })
    yield* TestClock.setTime(hour)
    for (const { token } of [revoked, expired]) {
      const own = { id: token.id, ownedBy: "user-1" }
      expect(yield* outcomeOf(tokens.rotate({ ...own, expiresIn: "1 day" }))).toBe("TokenNotLive")
      expect(yield* outcomeOf(tokens.endGrace(own))).toBe("TokenNotLive")
      expect((yield* stored(token.id)).secrets).toHaveLength(1)
    }
    expect(yield* outcomeOf(tokens.rotate({ id: expired.token.id, ownedBy: "user-2" }))).toBe("TokenNotFound")
  }).pipe(Effect.provide(world())),
)

it.effect("of two concurrent rotations one wins, and the other fails with a conflict", () =>
  Effect.gen(function* () {
    const { token } = yield* issue()
    const rotating = yield* Effect.forkChild(outcomeOf(rotate(token.id)))
    yield* TestClock.adjust("1 second")
    expect(yield* Fiber.join(rotating)).toBe("RevisionConflict")
    const { secrets } = yield* stored(token.id)
    expect(secrets.map(({ generation }) => generation)).toEqual([2, 1])
  }).pipe(
    Effect.provide(
      world(
        {},
        undefined,
        overtaken((token, repository) =>
          repository.replace(
            token.rotate(
              { digest: token.secrets[0].digest, keyId: Option.none(), hint: "tok_…test" },
              { now: at(0), graceEnds: at(1), expiresAt: token.expiresAt },
              byAlice,
            ),
            token.revision,
          ),
        ),
      ),
    ),
  ),
)

it.effect("a rotation wins against a concurrent change of another kind", () =>
  Effect.gen(function* () {
    const { token } = yield* issue()
    const rotating = yield* Effect.forkChild(rotate(token.id))
    yield* TestClock.adjust("1 second")
    const rotated = yield* Fiber.join(rotating)
    expect(rotated.token.scopes).toEqual([])
    expect(rotated.token.history.map(({ kind }) => kind)).toEqual(["issued", "narrowed", "rotated"])
    expect(yield* verdictOn(rotated.plaintext)).toBe("accepted")
  }).pipe(
    Effect.provide(
      world(
        {},
        undefined,
        overtaken((token, repository) => repository.replace(token.narrow([], at(0), byAlice), token.revision)),
      ),
    ),
  ),
)

it.effect("a request with both an instant and a lifetime, or an invalid grace period, is invalid", () =>
  Effect.gen(function* () {
    const { token } = yield* issue()
    const both = { expiresIn: "1 day", expiresAt: "2030-01-01T00:00:00Z" }
    for (const request of [both, { graceFor: "soon" }, { graceFor: "-1 minutes" }, { graceFor: 60 as never }]) {
      expect(yield* outcomeOf(rotate(token.id, request))).toBe("InvalidInput")
    }
    expect(yield* stored(token.id)).toMatchObject({ revision: 1 })
  }).pipe(Effect.provide(world())),
)

it.effect(
  "a tightened policy limits a rotation that requests an expiry; one that doesn't gets the policy's longest",
  () =>
    Effect.gen(function* () {
      const { token } = yield* issue({ expiresAt: null })
      expect(yield* outcomeOf(rotateStrictly(token, { expiresAt: null }))).toBe("PolicyViolation")
      expect(yield* outcomeOf(rotateStrictly(token, { expiresIn: "31 days" }))).toBe("PolicyViolation")
      expect((yield* rotateStrictly(token)).token.expiresAt).toEqual(Option.some(at(30 * day)))
    }).pipe(Effect.provide(world({ policy: TokenPolicy.make({ allowsNeverExpiring: true }) }))),
)

/** Rotates the token where lifetimes are at most 30 days. */
const rotateStrictly = (token: ApiToken, request: Partial<RotateRequest> = {}) =>
  rotate(token.id, request).pipe(
    Effect.provide(
      world({ policy: TokenPolicy.make({ longestLifetime: Duration.days(30), defaultLifetime: Duration.days(7) }) }),
    ),
  )
