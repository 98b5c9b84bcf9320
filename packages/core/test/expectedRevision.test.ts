/** Shows that a change that expects a revision is only made on that revision, even in a race. */
import { expect, it } from "@effect/vitest"
import { type ApiToken, ApiTokens } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { at, byAlice } from "./builders.ts"
import { overtaken } from "./repositories.ts"
import { issue, outcomeOf, stored, verdictOn, world } from "./world.ts"

type Expected = number | ReadonlyArray<number> | undefined

interface Own {
  readonly id: string
  readonly ownedBy: string
  readonly expectedRevision: Expected
}

type Attempt = (tokens: ApiTokens["Service"], own: Own) => Effect.Effect<unknown, { readonly _tag: string }>

const attempts: ReadonlyArray<readonly [name: string, attempt: Attempt]> = [
  ["edit", (tokens, own) => tokens.edit({ ...own, name: "laptop" })],
  ["rotate", (tokens, own) => tokens.rotate({ ...own, graceFor: "1 hour" })],
  ["endGrace", (tokens, own) => tokens.endGrace(own)],
  ["revoke", (tokens, own) => tokens.revoke(own)],
]

/** A rotated token, so that there is a grace period to end. Its revision is 2. */
const rotated = Effect.gen(function* () {
  const tokens = yield* ApiTokens
  const { token } = yield* issue()
  const own = { id: token.id, ownedBy: "user-1" }
  const { plaintext } = yield* tokens.rotate(own)
  return { tokens, id: token.id, own, plaintext }
})

it.effect.each(attempts)("%s succeeds on the expected revision, or on one of several", ([, attempt]) =>
  Effect.gen(function* () {
    for (const expectedRevision of [2, [2], [1, 2, 7], undefined]) {
      const { tokens, own, id } = yield* rotated
      expect(yield* outcomeOf(attempt(tokens, { ...own, expectedRevision }))).toBe("done")
      expect((yield* stored(id)).revision).toBe(3)
    }
  }).pipe(Effect.provide(world())),
)

it.effect.each(attempts)("%s on any other revision fails, and changes nothing", ([, attempt]) =>
  Effect.gen(function* () {
    const { tokens, own, id, plaintext } = yield* rotated
    const before = yield* stored(id)
    for (const expectedRevision of [1, 3, -1, [], [1, 3]]) {
      expect(yield* outcomeOf(attempt(tokens, { ...own, expectedRevision }))).toBe("RevisionMismatch")
    }
    expect(yield* stored(id)).toEqual(before)
    expect(yield* verdictOn(plaintext)).toBe("accepted")
  }).pipe(Effect.provide(world())),
)

/** Ending a grace period when there is none writes nothing, so nothing can overtake it. */
const writing = attempts.filter(([name]) => name !== "endGrace")

it.effect.each(writing)("%s overtaken by another change fails, and only that one is made", ([, attempt]) =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* issue()
    const own = { id: token.id, ownedBy: "user-1", expectedRevision: 1 }
    const attempting = yield* Effect.forkChild(outcomeOf(attempt(tokens, own)))
    yield* TestClock.adjust("1 second")
    expect(yield* Fiber.join(attempting)).toBe("RevisionMismatch")
    const { history } = yield* stored(token.id)
    expect(history.map(({ kind }) => kind)).toEqual(["issued", "narrowed"])
  }).pipe(Effect.provide(world({}, undefined, overtakenByNarrowing))),
)

const overtakenByNarrowing = overtaken((token: ApiToken, repository) =>
  repository.replace(token.narrow([], at(0), byAlice), token.revision),
)

it.effect("a forbidden change is reported before an unexpected revision (RFC 9110 §13.2.1)", () =>
  Effect.gen(function* () {
    const { tokens, own } = yield* rotated
    const expectedRevision = 1
    expect(yield* outcomeOf(tokens.edit({ ...own, ownedBy: "user-2", expectedRevision }))).toBe("TokenNotFound")
    yield* tokens.revoke(own)
    expect(yield* outcomeOf(tokens.edit({ ...own, expectedRevision }))).toBe("TokenNotLive")
    expect(yield* outcomeOf(tokens.rotate({ ...own, expectedRevision }))).toBe("TokenNotLive")
  }).pipe(Effect.provide(world())),
)

it.effect("a token that is already revoked isn't revoked again, whatever was expected (RFC 9110 §13.1.1)", () =>
  Effect.gen(function* () {
    const { tokens, own } = yield* rotated
    yield* tokens.revoke({ ...own, expectedRevision: 2 })
    expect(yield* outcomeOf(tokens.revoke({ ...own, expectedRevision: 2 }))).toBe("done")
  }).pipe(Effect.provide(world())),
)

it.effect("an expected revision that isn't a whole number is invalid input", () =>
  Effect.gen(function* () {
    const { tokens, own } = yield* rotated
    for (const expectedRevision of [1.5, "2", null, ["2"]]) {
      const request = { ...own, expectedRevision: expectedRevision as never }
      expect(yield* outcomeOf(tokens.edit({ ...request, name: "x" }))).toBe("InvalidInput")
      expect(yield* outcomeOf(tokens.rotate(request))).toBe("InvalidInput")
    }
  }).pipe(Effect.provide(world())),
)
