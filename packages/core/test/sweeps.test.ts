import { expect, it } from "@effect/vitest"
import { ApiTokens, MemoryRepository, TokenPolicy } from "@tokenry/core"
import { ApiTokenRepository, type TokenId, TokenUsageStore } from "@tokenry/core/adapter"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { at, byAlice, day } from "./builders.ts"
import { callerWith, issue, outcomeOf, settled, stored, verdictOn, world } from "./world.ts"

const own = { ownedBy: "user-1" }

it.effect("purging removes tokens that have been dead for long enough, and those minted with them", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const dead = yield* issue()
    const child = yield* issue({ caller: yield* callerWith(dead.plaintext) })
    const recent = yield* issue()
    const live = yield* issue()
    yield* tokens.revoke({ ...own, id: dead.token.id })
    yield* TestClock.adjust("10 days")
    yield* tokens.revoke({ ...own, id: recent.token.id })
    expect(yield* tokens.purge({ deadFor: "10 days" })).toBe(0)
    yield* TestClock.adjust(1)
    expect(yield* tokens.purge({ deadFor: "10 days" })).toBe(2)
    for (const { plaintext } of [dead, child]) expect(yield* verdictOn(plaintext)).toBe("Unknown")
    expect(yield* verdictOn(recent.plaintext)).toBe("Revoked")
    expect(yield* verdictOn(live.plaintext)).toBe("accepted")
  }).pipe(Effect.provide(world())),
)

it.effect("one call revokes everything issued to a third party, for one owner or for all", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const mine = yield* issue({ issuedTo: "app" })
    const theirs = yield* issue({ issuedTo: "app", ownedBy: "user-2" })
    const other = yield* issue({ issuedTo: "another app" })
    const none = yield* issue()
    expect(yield* tokens.revokeIssuedTo({ ...own, issuedTo: "app", reason: "it leaked", by: byAlice })).toBe(1)
    expect(yield* verdictOn(mine.plaintext)).toBe("Revoked")
    expect(yield* verdictOn(theirs.plaintext)).toBe("accepted")
    expect((yield* stored(mine.token.id)).history.at(-1)).toMatchObject({
      ...byAlice,
      detail: Option.some("it leaked"),
    })
    expect(yield* tokens.revokeAllIssuedTo({ issuedTo: "app" })).toBe(1)
    expect(yield* verdictOn(theirs.plaintext)).toBe("Revoked")
    for (const { plaintext } of [other, none]) expect(yield* verdictOn(plaintext)).toBe("accepted")
    for (const request of [{ issuedTo: "" }, {}, { issuedTo: "app", ownedBy: "user-1" }]) {
      expect(yield* outcomeOf(tokens.revokeAllIssuedTo(request as never))).toBe("InvalidInput")
    }
    expect(yield* outcomeOf(tokens.revokeIssuedTo({ issuedTo: "app" } as never))).toBe("InvalidInput")
  }).pipe(Effect.provide(world())),
)

it.effect("tokens unused for too long are revoked, and used ones aren't", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const unused = yield* issue()
    const used = yield* issue()
    yield* verdictOn(unused.plaintext)
    yield* TestClock.adjust("10 days")
    yield* verdictOn(used.plaintext)
    const fresh = yield* issue()
    yield* TestClock.adjust("20 days")
    expect(yield* tokens.revokeUnused({ unusedFor: "30 days" })).toBe(0)
    yield* TestClock.adjust(1)
    expect(yield* tokens.revokeUnused({ unusedFor: "30 days" })).toBe(1)
    expect(yield* stored(unused.token.id)).toMatchObject({
      revocation: Option.some({ at: at(30 * day + 1), reason: "unused for too long" }),
    })
    expect((yield* stored(unused.token.id)).history.at(-1)).toMatchObject({ actor: { kind: "sweep", id: "unused" } })
    for (const { plaintext } of [used, fresh]) expect(yield* verdictOn(plaintext)).toBe("accepted")
    expect(yield* tokens.revokeUnused({ unusedFor: "30 days" })).toBe(0)
  }).pipe(Effect.provide(world())),
)

it.effect("one query finds the usage of a hundred tokens", () =>
  Effect.gen(function* () {
    const queries: Array<number> = []
    const counting = Layer.effect(
      TokenUsageStore,
      Effect.map(TokenUsageStore, (store) => ({
        ...store,
        usageOf: (ids: ReadonlyArray<TokenId>) => {
          queries.push(ids.length)
          return store.usageOf(ids)
        },
      })),
    )
    const stores = Layer.merge(MemoryRepository.layer, Layer.provide(counting, MemoryRepository.layer))
    yield* Effect.gen(function* () {
      for (let count = 0; count < 250; count++) yield* issue()
      yield* TestClock.adjust("31 days")
      expect(yield* ApiTokens.use((tokens) => tokens.revokeUnused({ unusedFor: "30 days" }))).toBe(250)
    }).pipe(Effect.provide(world({}, Layer.empty, stores)))
    expect(queries).toEqual([100, 100, 50])
  }),
)

it.effect("a token counts as used while a token minted with it is", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const top = yield* issue()
    const middle = yield* issue({ caller: yield* callerWith(top.plaintext) })
    const bottom = yield* issue({ caller: yield* callerWith(middle.plaintext) })
    const idle = yield* issue({ caller: yield* callerWith(top.plaintext) })
    yield* TestClock.adjust("30 days")
    yield* verdictOn(bottom.plaintext)
    yield* TestClock.adjust("10 days")
    expect(yield* tokens.revokeUnused({ unusedFor: "15 days" })).toBe(1)
    expect(yield* verdictOn(bottom.plaintext)).toBe("accepted")
    expect(yield* verdictOn(idle.plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(world())),
)

it.effect("a token that was just rotated hasn't had time to be used, and a period of zero is invalid", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* issue()
    yield* TestClock.adjust("40 days")
    yield* tokens.rotate({ ...own, id: token.id })
    yield* TestClock.adjust("1 day")
    expect(yield* tokens.revokeUnused({ unusedFor: "30 days" })).toBe(0)
    for (const unusedFor of ["0 minutes", "999999999 weeks", "soon"]) {
      expect(yield* outcomeOf(tokens.revokeUnused({ unusedFor }))).toBe("InvalidInput")
    }
    expect(yield* outcomeOf(tokens.purge({ deadFor: "999999999 weeks" }))).toBe("InvalidInput")
    expect(yield* outcomeOf(tokens.expiringWithin({ within: "999999999 weeks" }))).toBe("InvalidInput")
  }).pipe(Effect.provide(world())),
)

it.effect("nothing counts as unused before uses have been recorded for that long", () =>
  Effect.gen(function* () {
    yield* issue().pipe(Effect.provide(world({ usage: false })))
    yield* TestClock.adjust("40 days")
    yield* Effect.gen(function* () {
      const tokens = yield* ApiTokens
      yield* TestClock.adjust("29 days")
      expect(yield* tokens.revokeUnused({ unusedFor: "30 days" })).toBe(0)
      yield* TestClock.adjust("2 days")
      expect(yield* tokens.revokeUnused({ unusedFor: "30 days" })).toBe(1)
    }).pipe(Effect.provide(world()))
  }).pipe(Effect.provide(world({ usage: false }))),
)

it.effect("the policy can set the period; without one, it is an error", () =>
  Effect.gen(function* () {
    yield* issue()
    yield* TestClock.adjust("8 days")
    const strict = world({ policy: TokenPolicy.make({ longestUnused: Duration.days(7) }) })
    expect(yield* outcomeOf(ApiTokens.use((tokens) => tokens.revokeUnused({})))).toBe("InvalidInput")
    expect(yield* ApiTokens.use((tokens) => tokens.revokeUnused({})).pipe(Effect.provide(strict))).toBe(1)
  }).pipe(Effect.provide(world())),
)

it.effect("without usage records nobody can say which tokens are unused", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    expect(yield* Effect.flip(tokens.revokeUnused({ unusedFor: "1 day" }))).toMatchObject({
      _tag: "InvalidInput",
      issues: [{ path: ["unusedFor"], message: "can't be checked, since uses are not recorded" }],
    })
  }).pipe(Effect.provide(world({ usage: false }))),
)

it.effect("tokens expiring within a window come soonest first, without revoked or expired ones", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    yield* issue({ name: "expired", expiresIn: "1 day" })
    const revoked = yield* issue({ name: "revoked", expiresIn: "5 days" })
    yield* tokens.revoke({ ...own, id: revoked.token.id })
    yield* issue({ name: "third", expiresIn: "9 days" })
    yield* issue({ name: "second", expiresIn: "5 days" })
    yield* issue({ name: "expired now", expiresIn: "2 days" })
    yield* issue({ name: "first", expiresIn: "3 days", ownedBy: "user-2" })
    yield* issue({ name: "beyond", expiresIn: "10 days" })
    yield* TestClock.adjust("2 days")
    const expiring = yield* Stream.runCollect(yield* tokens.expiringWithin({ within: "7 days" }))
    expect(expiring.map(({ name }) => name)).toEqual(["first", "second", "third"])
    expect(yield* outcomeOf(tokens.expiringWithin({ within: "soon" }))).toBe("InvalidInput")
  }).pipe(Effect.provide(world())),
)

it.effect("concurrent sweeps do each thing once", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    yield* Effect.forEach(Array.from({ length: 300 }), () => issue())
    yield* TestClock.adjust("31 days")
    const all = { concurrency: "unbounded" } as const
    const sweeps = Array.from({ length: 5 }, () => tokens.revokeUnused({ unusedFor: "30 days" }))
    const revoked = yield* Effect.all(sweeps, all)
    expect(revoked.reduce((sum, count) => sum + count)).toBe(300)
    yield* TestClock.adjust("1 day")
    const purged = yield* Effect.all(
      Array.from({ length: 5 }, () => tokens.purge({ deadFor: "1 hour" })),
      all,
    )
    expect(purged.reduce((sum, count) => sum + count)).toBe(300)
    const repository = yield* ApiTokenRepository
    expect(yield* repository.keyIdsInUse).toEqual([])
  }).pipe(Effect.provide(world())),
)

it.effect("sweeps can run by themselves, at intervals longer than any system timer", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const revoked = yield* issue()
    const unused = yield* issue()
    yield* tokens.revoke({ ...own, id: revoked.token.id })
    yield* TestClock.adjust("40 days")
    yield* settled
    expect(yield* verdictOn(revoked.plaintext)).toBe("Unknown")
    expect(yield* verdictOn(unused.plaintext)).toBe("Revoked")
    yield* TestClock.adjust("40 days")
    yield* settled
    expect(yield* verdictOn(unused.plaintext)).toBe("Unknown")
  }).pipe(
    Effect.provide(
      world({
        policy: TokenPolicy.make({ longestUnused: Duration.days(30) }),
        sweeps: { every: "40 days", purgeDeadFor: "1 day", revokeUnused: true },
      }),
    ),
  ),
)

it.effect.each([
  { every: "10 millis" },
  { every: "1 hour", purgeDeadFor: "soon" as "1 day" },
  { every: "1 hour", purgeDeadFor: "-5 days" },
  { every: "1 hour", revokeUnused: true },
] as const)("sweeps that make no sense are refused at opening: %o", (sweeps) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(Effect.provide(issue(), world({ sweeps })))
    expect(exit).toMatchObject({ _tag: "Failure", cause: { reasons: [{ defect: expect.any(RangeError) }] } })
  }),
)
