import { expect, it } from "@effect/vitest"
import { type ApiToken, ApiTokens } from "@tokenry/core"
import { diedAt, stateOf } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { named, scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { anApiToken, at, byAlice, catalogue, hour } from "./builders.ts"
import { conflicting } from "./repositories.ts"

const expires = (milliseconds: number) => ({ expiresAt: Option.some(at(milliseconds)) })
const revocation = { at: at(5), reason: "lost" }

it.each<[string, (token: ApiToken) => ApiToken, object]>([
  [
    "rename",
    (token) => token.rename(named("laptop"), at(7), byAlice),
    { kind: "renamed", detail: Option.some("was CI") },
  ],
  [
    "narrow",
    (token) => token.narrow([], at(7), byAlice),
    { kind: "narrowed", detail: Option.some("was treasure:read") },
  ],
  [
    "shorten",
    (token) => token.shorten(Option.some(at(9)), at(7), byAlice),
    { kind: "shortened", detail: Option.some("was never") },
  ],
  [
    "revoke",
    (token) => token.revoke({ at: at(7), reason: "lost" }, byAlice),
    { kind: "revoked", detail: Option.some("lost") },
  ],
])("%s gives a new token with a line of history and a raised revision, and leaves the old one", (_, change, line) => {
  const token = anApiToken()
  const before = JSON.stringify(token)
  const changed = change(token)
  expect(changed).not.toBe(token)
  expect(changed.revision).toBe(2)
  expect(changed.history).toEqual([...token.history, { at: at(7), ...byAlice, ...line }])
  expect(JSON.stringify(token)).toBe(before)
})

it("a change that changes nothing doesn't count", () => {
  const token = anApiToken({ scopes: scopes("treasure:read", "treasure:edit"), ...expires(hour) })
  expect(token.rename(named("CI"), at(1), byAlice)).toBe(token)
  expect(token.narrow(scopes("treasure:edit", "treasure:read"), at(1), byAlice)).toBe(token)
  expect(token.shorten(Option.some(at(hour)), at(1), byAlice)).toBe(token)
})

it("other scopes are a change, even if there are as many as before and some are the same", () => {
  const token = anApiToken({ scopes: scopes("treasure:edit", "treasure:delete") })
  const narrower = token.narrow(scopes("treasure:read", "treasure:delete"), at(1), byAlice)
  expect(narrower).toMatchObject({ scopes: ["treasure:read", "treasure:delete"], revision: 2 })
})

it("the first revocation stays", () => {
  const revoked = anApiToken().revoke(revocation, byAlice)
  expect(revoked.revoke({ at: at(9), reason: "again" }, byAlice)).toBe(revoked)
  expect(revoked.revocation).toEqual(Option.some(revocation))
})

it("revoked takes precedence over expired, and a token is expired from its expiry on", () => {
  const token = anApiToken(expires(hour))
  expect([hour - 1, hour, hour + 1].map((now) => stateOf(token, at(now)))).toEqual(["live", "expired", "expired"])
  expect(stateOf(token.revoke(revocation, byAlice), at(hour))).toBe("revoked")
  expect(stateOf(anApiToken(), at(8.64e15))).toBe("live")
  expect(stateOf(token, { epochMilliseconds: Number.NaN })).toBe("expired")
})

it("a token died when it was revoked or expired, whichever came first", () => {
  expect(diedAt(anApiToken())).toEqual(Option.none())
  expect(diedAt(anApiToken(expires(3)))).toEqual(Option.some(at(3)))
  expect(diedAt(anApiToken(expires(3)).revoke(revocation, byAlice))).toEqual(Option.some(at(3)))
  expect(diedAt(anApiToken(expires(hour)).revoke(revocation, byAlice))).toEqual(Option.some(at(5)))
})

it("never is later than every instant, and no instant is later than never", () => {
  expect(anApiToken().isOutlivedBy(Option.some(at(8.64e15)))).toBe(false)
  expect(anApiToken(expires(1)).isOutlivedBy(Option.none())).toBe(true)
  expect(anApiToken(expires(1)).isOutlivedBy(Option.some(at(1)))).toBe(false)
})

const withLostRaces = (count: number) =>
  ApiTokens.layer({ catalogue }).pipe(Layer.provide([conflicting(count), NodeCrypto.layer]))

it.effect("a change that loses races is retried and eventually made", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"] })
    const own = { id: token.id, ownedBy: "user-1" }
    const renaming = yield* Effect.forkChild(tokens.edit({ ...own, name: "laptop", by: byAlice }))
    yield* TestClock.adjust("1 second")
    expect(yield* Fiber.join(renaming)).toMatchObject({ name: "laptop", revision: 2 })
  }).pipe(Effect.provide(withLostRaces(5))),
)

it.effect("revoking never conflicts, however many races it loses", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const revoking = yield* Effect.forkChild(tokens.revoke({ id: token.id, ownedBy: "user-1" }))
    yield* TestClock.adjust("1 hour")
    yield* Fiber.join(revoking)
    expect(yield* Effect.flip(tokens.verify(plaintext))).toMatchObject({ _tag: "Revoked" })
  }).pipe(Effect.provide(withLostRaces(1000))),
)

it.effect("a narrower token may keep implied scopes, and gains nothing", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:manage"] })
    const own = { id: token.id, ownedBy: "user-1" }
    expect(yield* tokens.edit({ ...own, scopes: ["treasure:edit"] })).toMatchObject({ scopes: ["treasure:edit"] })
    for (const wider of ["treasure:manage", "treasure:delete"]) {
      expect(yield* Effect.flip(tokens.edit({ ...own, scopes: [wider] }))).toMatchObject({
        _tag: "ScopeNotHeld",
        scopes: [wider],
        on: "token",
      })
    }
  }).pipe(Effect.provide(withLostRaces(0))),
)

it.effect("lifetimes follow the policy unless requested, to the millisecond", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const request = { ownedBy: "user-1", name: "CI", scopes: [] }
    yield* TestClock.setTime(1000)
    const expiryOf = ({ token }: { readonly token: ApiToken }) =>
      Option.map(token.expiresAt, (at) => at.epochMilliseconds)
    const day = 24 * hour
    expect(expiryOf(yield* tokens.issue(request))).toEqual(Option.some(1000 + 90 * day))
    expect(expiryOf(yield* tokens.issue({ ...request, expiresIn: "366 days" }))).toEqual(Option.some(1000 + 366 * day))
    expect(expiryOf(yield* tokens.issue({ ...request, expiresAt: "1970-01-01T00:00:01.001Z" }))).toEqual(
      Option.some(1001),
    )
    for (const forbidden of [
      { expiresIn: "367 days" },
      { expiresAt: "1970-01-01T00:00:01Z" },
      { expiresAt: new Date(1001 + 366 * day) },
      { expiresAt: null },
    ]) {
      expect(yield* Effect.flip(tokens.issue({ ...request, ...forbidden }))).toMatchObject({ _tag: "PolicyViolation" })
    }
  }).pipe(Effect.provide(withLostRaces(0))),
)
