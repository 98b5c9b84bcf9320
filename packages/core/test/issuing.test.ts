/** The contents of a new token, and who its changes are attributed to. */
import { expect, it } from "@effect/vitest"
import { ApiTokens, OwnerDirectory, TokenFormat, TokenPolicy } from "@tokenry/core"
import { ApiTokenRepository, TokenId } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { at, byAlice, catalogue, day, digestOf, hour } from "./builders.ts"
import { Asked, counting } from "./repositories.ts"

const worldWith = (
  options: { readonly policy?: TokenPolicy; readonly format?: TokenFormat } = {},
  owners: Layer.Layer<OwnerDirectory> | typeof Layer.empty = Layer.empty,
) =>
  ApiTokens.layer({ catalogue, ...options }).pipe(
    Layer.provide([NodeCrypto.layer, owners]),
    Layer.provideMerge(counting),
  )

const request = { ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"] }

it.effect("a new token is as requested and as stored, with one write", () =>
  Effect.gen(function* () {
    yield* TestClock.setTime(hour)
    const tokens = yield* ApiTokens
    const asked = yield* Asked
    const { plaintext, token } = yield* tokens.issue({ ...request, issuedTo: "app", by: byAlice })
    expect(asked).toEqual(["insert"])
    expect(token).toMatchObject({
      ownedBy: "user-1",
      name: "CI",
      scopes: ["treasure:edit"],
      createdAt: at(hour),
      expiresAt: Option.some(at(hour + 90 * day)),
      revocation: Option.none(),
      ancestors: [],
      issuedTo: Option.some("app"),
      history: [{ kind: "issued", at: at(hour), ...byAlice, detail: Option.none() }],
      revision: 1,
    })
    expect(TokenId.is(token.id)).toBe(true)
    expect(token.secrets).toEqual([
      {
        digest: digestOf(plaintext),
        generation: 1,
        keyId: Option.none(),
        hint: `tok_…${plaintext.slice(-4)}`,
        state: { _tag: "Active" },
      },
    ])
    expect(yield* (yield* ApiTokenRepository).findById(token.id)).toEqual(Option.some(token))
    expect(TokenFormat.checksummed({ prefix: "tok" }).flawOf(plaintext)).toBe(undefined)
  }).pipe(Effect.provide(worldWith())),
)

it.effect("an issue that runs twice makes two tokens", () =>
  Effect.gen(function* () {
    const issue = (yield* ApiTokens).issue(request)
    const [one, other] = [yield* issue, yield* issue]
    expect(one.plaintext).not.toBe(other.plaintext)
    expect(one.token.id).not.toBe(other.token.id)
  }).pipe(Effect.provide(worldWith())),
)

it.effect("altering a token that was issued affects no other", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* tokens.issue(request)
    for (const list of [token.scopes, token.ancestors, token.secrets, token.history]) {
      if (!Object.isFrozen(list)) (list as Array<unknown>).splice(0, Infinity, token.id)
    }
    const other = yield* tokens.issue(request)
    expect(other.token).toMatchObject({ scopes: ["treasure:edit"], ancestors: [] })
    yield* tokens.verify(other.plaintext, { scopes: ["treasure:edit"] })
  }).pipe(Effect.provide(worldWith())),
)

it.effect("tokens that are issued at once, before anything else, have ids in the order of issue", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const issued = yield* Effect.all(
      Array.from({ length: 20 }, () => tokens.issue(request)),
      { concurrency: "unbounded" },
    )
    const ids = issued.map(({ token }) => token.id)
    expect(ids).toEqual(ids.toSorted())
  }).pipe(Effect.provide(worldWith())),
)

it.effect("scopes are stored as declared, each once, in the given order, and none is added", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const scopesOf = (scopes: ReadonlyArray<string>) =>
      Effect.map(tokens.issue({ ...request, scopes }), ({ token }) => token.scopes)
    expect(yield* scopesOf(["treasure:manage", "treasure:delete", "treasure:manage"])).toEqual([
      "treasure:manage",
      "treasure:delete",
    ])
    expect(yield* scopesOf([])).toEqual([])
  }).pipe(Effect.provide(worldWith())),
)

it.effect.each([
  ["a string", { expiresAt: "1970-01-01T02:00:00.001Z" }, 2 * hour + 1],
  ["a string with an offset", { expiresAt: "1970-01-01T07:30:00+05:30" }, 2 * hour],
  ["a Date", { expiresAt: new Date(2 * hour) }, 2 * hour],
  ["a lifetime", { expiresIn: "2 weeks" }, hour + 14 * day],
  ["a lifetime in the singular", { expiresIn: "1 hour" }, 2 * hour],
] as const)("the expiry may be given as %s", ([, expiry, milliseconds]) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(hour)
    const tokens = yield* ApiTokens
    const { token } = yield* tokens.issue({ ...request, ...expiry })
    expect(token.expiresAt).toEqual(Option.some(at(milliseconds)))
  }).pipe(Effect.provide(worldWith())),
)

it.effect("never may be the policy's default, and may then be requested", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    expect((yield* tokens.issue(request)).token.expiresAt).toEqual(Option.none())
    const { plaintext } = yield* tokens.issue({ ...request, expiresAt: null })
    yield* TestClock.setTime(8e15)
    expect(yield* tokens.verify(plaintext)).toMatchObject({ expiresAt: Option.none() })
  }).pipe(
    Effect.provide(worldWith({ policy: TokenPolicy.make({ defaultLifetime: null, allowsNeverExpiring: true }) })),
  ),
)

it.effect("a policy's limits are exact to the millisecond", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    expect((yield* tokens.issue(request)).token.expiresAt).toEqual(Option.some(at(hour)))
    yield* tokens.issue({ ...request, expiresAt: new Date(2 * hour) })
    expect(yield* Effect.flip(tokens.issue({ ...request, expiresAt: new Date(2 * hour + 1) }))).toMatchObject({
      _tag: "PolicyViolation",
      issues: [{ path: ["expiresAt"], message: "must be within 2 hours" }],
    })
  }).pipe(
    Effect.provide(
      worldWith({
        policy: TokenPolicy.make({ defaultLifetime: Duration.hours(1), longestLifetime: Duration.hours(2) }),
      }),
    ),
  ),
)

it.effect("an owner can only issue scopes they have, implied ones included", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const asked = yield* Asked
    yield* tokens.issue({ ...request, scopes: ["treasure:read"] })
    asked.length = 0
    expect(
      yield* Effect.flip(tokens.issue({ ...request, scopes: ["treasure:read", "treasure:delete", "treasure:manage"] })),
    ).toMatchObject({ _tag: "ScopeNotHeld", scopes: ["treasure:delete", "treasure:manage"], on: "owner" })
    expect(yield* Effect.flip(tokens.issue({ ...request, ownedBy: "gone", scopes: [] }))).toMatchObject({
      _tag: "InactiveOwner",
      ownedBy: "gone",
    })
    expect(asked).toEqual([])
  }).pipe(
    Effect.provide(
      worldWith(
        {},
        OwnerDirectory.layerFrom((ownedBy) =>
          ownedBy === "gone" ? { active: false } : { active: true, scopes: ["treasure:edit"] },
        ),
      ),
    ),
  ),
)

it.effect("every change records who made it, from where, and why, or that the application did", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const bySweep = { actor: { kind: "sweep", id: "inactivity" }, origin: {} } as const
    const bySystem = { actor: { kind: "system" }, origin: {} } as const
    const issued = yield* tokens.issue({ ...request, scopes: ["treasure:edit"] })
    const own = { id: issued.token.id, ownedBy: "user-1" }
    const other = yield* tokens.issue({ ...request, by: byAlice })
    yield* tokens.edit({ ...own, name: "laptop", by: byAlice })
    yield* tokens.edit({ ...own, scopes: ["treasure:read"] })
    const byToken = { actor: { kind: "token", id: other.token.id }, origin: { userAgent: "curl/8" } } as const
    yield* tokens.edit({ ...own, expiresIn: "1 day", by: byToken })
    yield* tokens.revoke({ id: other.token.id, ownedBy: "user-1", by: byAlice })
    expect(yield* tokens.revokeOwnedBy({ ownedBy: "user-1", reason: "left the company", by: bySweep })).toBe(1)
    expect((yield* tokens.find(own)).history).toMatchObject([
      { kind: "issued", ...bySystem },
      { kind: "renamed", ...byAlice, detail: Option.some("was CI") },
      { kind: "narrowed", ...bySystem, detail: Option.some("was treasure:edit") },
      { kind: "shortened", ...byToken },
      { kind: "revoked", ...bySweep, detail: Option.some("left the company") },
    ])
    const { history, revocation } = yield* tokens.find({ id: other.token.id, ownedBy: "user-1" })
    expect(history.map(({ actor }) => actor)).toEqual([byAlice.actor, byAlice.actor])
    expect(revocation).toEqual(Option.some({ at: at(0), reason: "on request" }))
  }).pipe(Effect.provide(worldWith())),
)
