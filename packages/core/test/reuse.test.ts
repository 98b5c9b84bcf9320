import { expect, it } from "@effect/vitest"
import { ApiTokens, RepositoryUnavailable, type ReuseResponse, TokenPolicy } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { at, day } from "./builders.ts"
import { memoryBut } from "./repositories.ts"
import { callerWith, issue, settled, stored, verdictOn, world } from "./world.ts"

const minute = 60_000
/** When a secret with a grace period of a day becomes suspicious: all requests in flight have arrived. */
const afterGrace = day + minute

const worldThat = (onReuse: ReuseResponse) => world({ policy: TokenPolicy.make({ onReuse }) })

/** A token that was rotated, and its two secrets. */
const rotated = Effect.gen(function* () {
  const tokens = yield* ApiTokens
  const { plaintext: old, token } = yield* issue()
  const { plaintext: current } = yield* tokens.rotate({ id: token.id, ownedBy: "user-1" })
  return { old, current, id: token.id }
})

it.effect("a retired secret presented again is counted, and nothing else happens", () =>
  Effect.gen(function* () {
    const { old, current, id } = yield* rotated
    yield* TestClock.setTime(afterGrace)
    for (let use = 0; use < 3; use++) expect(yield* verdictOn(old)).toBe("Retired")
    yield* settled
    const token = yield* stored(id)
    const usages = yield* ApiTokens.use((tokens) => tokens.usageOf([token]))
    expect(Option.getOrThrow(usages)[0]?.secrets).toMatchObject([
      { generation: 1, count: 0, reuses: 3, lastReusedAt: Option.some(at(afterGrace)) },
    ])
    expect(token).toMatchObject({ revision: 2 })
    expect(yield* verdictOn(current)).toBe("accepted")
  }).pipe(Effect.provide(worldThat("record"))),
)

it.effect("a retired secret presented again is noted in the history, once a day", () =>
  Effect.gen(function* () {
    const { old, current, id } = yield* rotated
    for (const days of [1, 1.5, 2]) {
      yield* TestClock.setTime(days * day + minute)
      for (let use = 0; use < 10; use++) yield* verdictOn(old)
      yield* settled
    }
    const noted = (yield* stored(id)).history.filter(({ kind }) => kind === "reused")
    expect(noted).toMatchObject([{ at: at(afterGrace) }, { at: at(2 * day + minute) }])
    expect(noted[0]).toMatchObject({
      actor: { kind: "sweep", id: "reuse" },
      detail: Option.some("the retired secret of generation 1 was used"),
    })
    expect(yield* verdictOn(current)).toBe("accepted")
  }).pipe(Effect.provide(worldThat("notify"))),
)

it.effect("a retired secret presented again revokes the lineage", () =>
  Effect.gen(function* () {
    const { old, current, id } = yield* rotated
    const child = yield* issue({ caller: yield* callerWith(current) })
    yield* TestClock.setTime(afterGrace)
    expect(yield* verdictOn(old)).toBe("Retired")
    yield* settled
    expect(yield* verdictOn(current)).toBe("Revoked")
    expect(yield* verdictOn(child.plaintext)).toBe("Revoked")
    expect(yield* stored(id)).toMatchObject({
      revocation: Option.some({ at: at(afterGrace), reason: "a retired secret was used" }),
    })
    const { revision } = yield* stored(id)
    yield* verdictOn(old)
    yield* settled
    expect((yield* stored(id)).revision).toBe(revision)
  }).pipe(Effect.provide(worldThat("revoke"))),
)

it.effect("a client that retries within its grace period triggers nothing", () =>
  Effect.gen(function* () {
    const { old, current, id } = yield* rotated
    yield* TestClock.setTime(day - 1)
    for (let use = 0; use < 3; use++) expect(yield* verdictOn(old)).toBe("accepted")
    yield* settled
    expect(yield* stored(id)).toMatchObject({ revision: 2, revocation: Option.none() })
    expect(yield* verdictOn(current)).toBe("accepted")
  }).pipe(Effect.provide(worldThat("revoke"))),
)

it.effect("a secret superseded by newer ones triggers nothing before its own grace period ends", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* issue()
    const own = { id: token.id, ownedBy: "user-1" }
    const { plaintext: second } = yield* tokens.rotate(own)
    yield* tokens.rotate(own)
    const { plaintext: current } = yield* tokens.rotate(own)
    yield* TestClock.setTime(afterGrace - 1)
    expect(yield* verdictOn(second)).toBe("Retired")
    yield* settled
    expect(yield* verdictOn(current)).toBe("accepted")
    yield* TestClock.setTime(afterGrace)
    expect(yield* verdictOn(second)).toBe("Retired")
    yield* settled
    expect(yield* verdictOn(current)).toBe("Revoked")
  }).pipe(Effect.provide(worldThat("revoke"))),
)

it.effect("a store outage delays the response to reuse, but doesn't cancel it", () => {
  let outages = 3
  const stores = memoryBut((repository) => ({
    replace: (token, revision) =>
      Effect.suspend(() => {
        const isAway = token.revocation._tag === "Some" && outages-- > 0
        const outage = new RepositoryUnavailable({ operation: "replace", cause: undefined })
        return isAway ? Effect.fail(outage) : repository.replace(token, revision)
      }),
  }))
  return Effect.gen(function* () {
    const { old, current } = yield* rotated
    yield* TestClock.setTime(afterGrace)
    yield* verdictOn(old)
    yield* settled
    expect(yield* verdictOn(current)).toBe("accepted")
    yield* TestClock.adjust("1 minute")
    expect(yield* verdictOn(current)).toBe("Revoked")
  }).pipe(Effect.provide(world({ policy: TokenPolicy.make({ onReuse: "revoke" }) }, undefined, stores)))
})

it("a policy offers three responses", () => {
  expect(() => TokenPolicy.make({ onReuse: "explode" as never })).toThrow(/"record", "notify" or "revoke"/)
})

it.effect("requests in flight when a secret was retired are innocent, for a minute", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext: old, token } = yield* issue()
    const { plaintext: current } = yield* tokens.rotate({ id: token.id, ownedBy: "user-1", graceFor: "0 minutes" })
    const reusedAfter = (milliseconds: number) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(milliseconds)
        expect(yield* verdictOn(old)).toBe("Retired")
        yield* settled
        return yield* verdictOn(current)
      })
    expect(yield* reusedAfter(0)).toBe("accepted")
    expect(yield* reusedAfter(minute - 1)).toBe("accepted")
    const usages = yield* tokens.usageOf([token])
    expect(Option.getOrThrow(usages)[0]?.secrets).toMatchObject([{ generation: 2, reuses: 0 }])
    expect(yield* reusedAfter(minute)).toBe("Revoked")
  }).pipe(Effect.provide(worldThat("revoke"))),
)

it.effect("a secret that ended because its token expired isn't a sign of theft, before or after a renewal", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const own = { ownedBy: "user-1", graceFor: "30 days" }
    const kept = yield* issue({ expiresIn: "1 day" })
    const renewed = yield* issue({ expiresIn: "1 day" })
    yield* tokens.rotate({ ...own, id: kept.token.id })
    const { plaintext: current } = yield* tokens.rotate({ ...own, id: renewed.token.id, expiresIn: "90 days" })
    yield* tokens.rotate({ ...own, id: renewed.token.id })
    yield* TestClock.setTime(2 * day)
    for (const { plaintext } of [kept, renewed]) expect(yield* verdictOn(plaintext)).toBe("Retired")
    yield* settled
    for (const { token } of [kept, renewed]) {
      expect(yield* stored(token.id)).toMatchObject({ revocation: Option.none() })
      expect((yield* stored(token.id)).history.map(({ kind }) => kind)).not.toContain("reused")
    }
    yield* TestClock.setTime(31 * day)
    expect(yield* verdictOn(current)).toBe("Retired")
    yield* settled
    expect(Option.isSome((yield* stored(renewed.token.id)).revocation)).toBe(true)
  }).pipe(Effect.provide(worldThat("revoke"))),
)

it.effect("a secret that was retired before its token expired stays suspicious afterwards", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext: old, token } = yield* issue({ expiresIn: "10 days" })
    yield* tokens.rotate({ id: token.id, ownedBy: "user-1" })
    yield* TestClock.setTime(11 * day)
    yield* verdictOn(old)
    yield* settled
    expect((yield* stored(token.id)).history.at(-1)?.kind).toBe("revoked")
  }).pipe(Effect.provide(worldThat("revoke"))),
)
