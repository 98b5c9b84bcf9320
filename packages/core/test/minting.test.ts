import { expect, it } from "@effect/vitest"
import { ApiTokens, type IssueRequest, OwnerDirectory, TokenPolicy } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { at, byAlice, day, hour } from "./builders.ts"
import { callerWith, issue, outcomeOf, stored, verdictOn, world } from "./world.ts"

/** Mints with the token that has this plaintext. */
const mint = (plaintext: string, request: Partial<IssueRequest> = {}) =>
  Effect.flatMap(callerWith(plaintext), (caller) => issue({ caller, ...request }))

it.effect("a minted token has its minting token as ancestor and actor", () =>
  Effect.gen(function* () {
    const person = yield* issue({ by: byAlice })
    const child = yield* mint(person.plaintext, { by: byAlice })
    const grandchild = yield* mint(child.plaintext)
    expect(person.token.ancestors).toEqual([])
    expect(child.token.ancestors).toEqual([person.token.id])
    expect(grandchild.token.ancestors).toEqual([person.token.id, child.token.id])
    expect(child.token.history[0]).toMatchObject({
      actor: { kind: "token", id: person.token.id },
      origin: byAlice.origin,
    })
    expect(yield* callerWith(grandchild.plaintext)).toMatchObject({ ownedBy: "user-1", scopes: ["treasure:read"] })
  }).pipe(Effect.provide(world())),
)

it.effect("a token can't give what it lacks: no scope, no later expiry, nothing that an ancestor lacks", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const top = yield* issue({ scopes: ["treasure:edit", "treasure:delete"], expiresIn: "60 days" })
    const middle = yield* mint(top.plaintext, { scopes: ["treasure:edit"], expiresIn: "30 days" })
    yield* tokens.edit({ id: top.token.id, ownedBy: "user-1", scopes: ["treasure:read", "treasure:delete"] })
    yield* tokens.edit({ id: top.token.id, ownedBy: "user-1", expiresIn: "20 days" })
    expect(yield* Effect.flip(mint(middle.plaintext, { scopes: ["treasure:delete"] }))).toMatchObject({
      _tag: "ScopeNotHeld",
      scopes: ["treasure:delete"],
      on: "token",
    })
    expect(yield* Effect.flip(mint(middle.plaintext, { scopes: ["treasure:edit"] }))).toMatchObject({
      _tag: "ScopeNotHeld",
      scopes: ["treasure:edit"],
      on: "ancestor",
    })
    for (const [request, field] of [
      [{ expiresIn: "21 days" }, "expiresIn"],
      [{ expiresAt: "1970-01-21T00:00:00.001Z" }, "expiresAt"],
    ] as const) {
      expect(yield* Effect.flip(mint(middle.plaintext, request))).toMatchObject({
        _tag: "ExpiryNotHeld",
        field,
        latest: new Date(20 * day),
      })
    }
    const minted = yield* mint(middle.plaintext, { expiresIn: "20 days" })
    expect(minted.token.expiresAt).toEqual(Option.some(at(20 * day)))
  }).pipe(Effect.provide(world())),
)

it.effect(
  "without a requested expiry it gets the policy's default or its minting token's expiry, whichever is sooner",
  () =>
    Effect.gen(function* () {
      const short = yield* issue({ expiresIn: "1 day" })
      const long = yield* issue({ expiresIn: "200 days" })
      expect((yield* mint(short.plaintext)).token.expiresAt).toEqual(Option.some(at(day)))
      expect((yield* mint(long.plaintext)).token.expiresAt).toEqual(Option.some(at(90 * day)))
    }).pipe(Effect.provide(world())),
)

it.effect("a token that expires can't mint one that never does", () =>
  Effect.gen(function* () {
    const expiring = yield* issue({ expiresIn: "1 day" })
    const eternal = yield* issue({ expiresAt: null })
    expect(yield* outcomeOf(mint(expiring.plaintext, { expiresAt: null }))).toBe("ExpiryNotHeld")
    expect((yield* mint(eternal.plaintext, { expiresAt: null })).token.expiresAt).toEqual(Option.none())
  }).pipe(Effect.provide(world({ policy: TokenPolicy.make({ allowsNeverExpiring: true }) }))),
)

it.effect("a lineage has eight ancestors at most", () =>
  Effect.gen(function* () {
    let last = yield* issue()
    for (let depth = 1; depth <= 8; depth++) last = yield* mint(last.plaintext)
    expect(last.token.ancestors).toHaveLength(8)
    expect(yield* verdictOn(last.plaintext, ["treasure:read"])).toBe("accepted")
    expect(yield* Effect.flip(mint(last.plaintext))).toMatchObject({
      _tag: "PolicyViolation",
      issues: [{ path: ["caller"] }],
    })
  }).pipe(Effect.provide(world())),
)

it.effect.each([
  [
    "revoked",
    (id: string) => ApiTokens.use((tokens) => tokens.revoke({ id, ownedBy: "user-1" })),
    "TokenNotLive",
    "Revoked",
  ],
  ["expired", () => TestClock.adjust("60 days"), "TokenNotLive", "Expired"],
  [
    "narrowed",
    (id: string) => ApiTokens.use((tokens) => tokens.edit({ id, ownedBy: "user-1", scopes: [] })),
    "ScopeNotHeld",
    "InsufficientScope",
  ],
] as const)(
  "when an ancestor is %s, the tokens minted with it can do no more than it, nor mint",
  ([, change, minting, verifying]) =>
    Effect.gen(function* () {
      const top = yield* issue({ expiresIn: "60 days" })
      const middle = yield* mint(top.plaintext)
      const bottom = yield* mint(middle.plaintext)
      const callers = [yield* callerWith(middle.plaintext), yield* callerWith(bottom.plaintext)]
      const before = yield* stored(bottom.token.id)
      yield* change(top.token.id)
      for (const caller of callers) expect(yield* outcomeOf(issue({ caller, expiresIn: "1 hour" }))).toBe(minting)
      for (const { plaintext } of [top, middle, bottom]) {
        expect(yield* verdictOn(plaintext, ["treasure:read"])).toBe(verifying)
      }
      expect(yield* stored(bottom.token.id)).toEqual(before)
    }).pipe(Effect.provide(world())),
)

it.effect("an owner who is deactivated, or has lost a scope, can mint as little as issue", () => {
  let authority: Parameters<typeof OwnerDirectory.layerFrom>[0] = () => ({ active: true, scopes: ["treasure:edit"] })
  return Effect.gen(function* () {
    const parent = yield* issue({ scopes: ["treasure:edit"] })
    const caller = yield* callerWith(parent.plaintext)
    authority = () => ({ active: true, scopes: ["treasure:read"] })
    expect(yield* Effect.flip(issue({ caller, scopes: ["treasure:edit"] }))).toMatchObject({
      _tag: "ScopeNotHeld",
      on: "owner",
    })
    authority = () => ({ active: false })
    expect(yield* outcomeOf(issue({ caller }))).toBe("InactiveOwner")
  }).pipe(
    Effect.provide(
      world(
        {},
        OwnerDirectory.layerFrom((ownedBy) => authority(ownedBy)),
      ),
    ),
  )
})

it.effect("a caller's expiry is the soonest in its lineage", () =>
  Effect.gen(function* () {
    const parent = yield* issue({ expiresIn: "2 days" })
    const child = yield* mint(parent.plaintext)
    yield* ApiTokens.use((tokens) => tokens.edit({ id: parent.token.id, ownedBy: "user-1", expiresIn: "1 hour" }))
    expect((yield* callerWith(child.plaintext)).expiresAt).toEqual(Option.some(at(hour)))
  }).pipe(Effect.provide(world())),
)

it.effect("a token mints for its own owner only, and only verify can make a caller", () =>
  Effect.gen(function* () {
    const { plaintext } = yield* issue()
    const caller = yield* callerWith(plaintext)
    for (const request of [
      { caller, ownedBy: "user-2" },
      { caller: { ...caller, tokenId: plaintext } },
      { caller: { tokenId: caller.tokenId } as never },
      { caller: null as never },
    ]) {
      expect(yield* outcomeOf(issue(request))).toBe("InvalidInput")
    }
  }).pipe(Effect.provide(world())),
)
