import { expect, it } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { ApiTokens, type OwnerAuthority, OwnerDirectory, RepositoryUnavailable, TokenFormat } from "@tokenry/core"
import { ApiTokenRepository, type TokenId } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { anId, aSecret, owner, scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { anApiToken, at, byAlice, catalogue, day, digestOf, hour } from "./builders.ts"
import { Asked, counting, unavailable } from "./repositories.ts"
import { callerWith, issue, world } from "./world.ts"

const format = TokenFormat.checksummed({ prefix: "tok" })
const plaintextOf = (byte: number) => format.make(new Uint8Array(64).fill(byte)) ?? ""
const plaintext = plaintextOf(1)

const directory = (authority: () => OwnerAuthority) => OwnerDirectory.layerFrom(authority)
const noDirectory = Layer.empty

/** Verifies against a store with these tokens. */
const verifying = (
  tokens: ReadonlyArray<ApiToken>,
  required: ReadonlyArray<string> = [],
  owners: Layer.Layer<OwnerDirectory> | typeof noDirectory = noDirectory,
) =>
  Effect.gen(function* () {
    const repository = yield* ApiTokenRepository
    for (const token of tokens) yield* repository.insert(token)
    const asked = yield* Asked
    asked.length = 0
    const service = yield* ApiTokens
    const verdict = yield* Effect.result(service.verify(plaintext, { scopes: required }))
    const outcome: unknown = verdict._tag === "Success" ? verdict.success : verdict.failure
    return { outcome, asked }
  }).pipe(
    Effect.provide(
      ApiTokens.layer({ catalogue }).pipe(Layer.provide([NodeCrypto.layer, owners]), Layer.provideMerge(counting)),
    ),
  )

const presented = (
  fields: ConstructorParameters<typeof ApiToken>[0] | object = {},
  secret: Parameters<typeof aSecret>[0] = {},
) => anApiToken({ secrets: [aSecret({ digest: digestOf(plaintext), ...secret })], ...fields })

const expires = (milliseconds: number) => ({ expiresAt: Option.some(at(milliseconds)) })
const revoked = { revocation: Option.some({ at: at(0), reason: "test" }) }

it.effect("an accepted token gives the caller, with implied scopes", () =>
  Effect.gen(function* () {
    const token = presented({ scopes: scopes("treasure:edit"), ...expires(hour) })
    const { outcome, asked } = yield* verifying([token], ["treasure:read"])
    expect(outcome).toEqual({
      tokenId: token.id,
      generation: 1,
      ownedBy: "user-1",
      ancestors: [],
      scopes: ["treasure:edit", "treasure:read"],
      narrowedBy: [],
      expiresAt: Option.some(at(hour)),
      boundTo: Option.none(),
    })
    expect(asked).toEqual(["findByDigest"])
  }),
)

it.effect("a token that was never issued is unknown", () =>
  Effect.gen(function* () {
    expect((yield* verifying([])).outcome).toEqual({ _tag: "Unknown" })
  }),
)

it.effect("a token is accepted until the millisecond before it expires, and expired from its expiry on", () =>
  Effect.gen(function* () {
    const token = presented(expires(hour))
    yield* TestClock.setTime(hour - 1)
    expect((yield* verifying([token])).outcome).toMatchObject({ tokenId: token.id })
    yield* TestClock.setTime(hour)
    expect((yield* verifying([token])).outcome).toEqual({ _tag: "Expired", tokenId: token.id, on: "token" })
  }),
)

it.effect("revoked takes precedence over expired", () =>
  Effect.gen(function* () {
    const token = presented({ ...revoked, ...expires(-1) })
    expect((yield* verifying([token])).outcome).toEqual({ _tag: "Revoked", tokenId: token.id, on: "token" })
  }),
)

it.effect("a retiring secret is accepted until its grace period ends, and has that as its expiry", () =>
  Effect.gen(function* () {
    const token = presented(expires(day), { generation: 2, state: { _tag: "Retiring", until: at(hour) } })
    yield* TestClock.setTime(hour - 1)
    expect((yield* verifying([token])).outcome).toMatchObject({ generation: 2, expiresAt: Option.some(at(hour)) })
    yield* TestClock.setTime(hour)
    expect((yield* verifying([token])).outcome).toEqual({ _tag: "Retired", tokenId: token.id, generation: 2 })
  }),
)

it.effect("a retiring secret ends with the token, if that was shortened to less than the grace period", () =>
  Effect.gen(function* () {
    const token = presented(expires(hour), { state: { _tag: "Retiring", until: at(day) } })
    expect((yield* verifying([token])).outcome).toMatchObject({ expiresAt: Option.some(at(hour)) })
    const never = presented({}, { state: { _tag: "Retiring", until: at(day) } })
    expect((yield* verifying([never])).outcome).toMatchObject({ expiresAt: Option.some(at(day)) })
    yield* TestClock.setTime(hour)
    expect((yield* verifying([token])).outcome).toMatchObject({ _tag: "Expired" })
  }),
)

it.effect("a retired secret is refused, whatever the token's state", () =>
  Effect.gen(function* () {
    const token = presented(revoked, { state: { _tag: "Retired", at: at(0) } })
    expect((yield* verifying([token])).outcome).toMatchObject({ _tag: "Retired" })
  }),
)

it.effect("a stored scope that is no longer in the catalogue grants nothing", () =>
  Effect.gen(function* () {
    const token = presented({ scopes: scopes("treasure:bury", "treasure:read") })
    expect((yield* verifying([token])).outcome).toMatchObject({ scopes: ["treasure:read"] })
  }),
)

it.effect("an undeclared requirement is a programming error that says so", () =>
  Effect.gen(function* () {
    const token = presented({ scopes: scopes("treasure:bury", "treasure:read") })
    for (const required of [["treasure:bury"], ["treasure:read", "treasure:reed"]]) {
      const exit = yield* Effect.exit(verifying([token], required))
      expect(exit).toMatchObject({
        _tag: "Failure",
        cause: { reasons: [{ _tag: "Die", defect: { _tag: "InvalidInput" } }] },
      })
    }
  }),
)

it.effect("a token without scopes identifies the caller, and permits nothing", () =>
  Effect.gen(function* () {
    const token = presented({ scopes: [] })
    expect((yield* verifying([token])).outcome).toMatchObject({ scopes: [] })
    expect((yield* verifying([token], ["treasure:read"])).outcome).toMatchObject({ _tag: "InsufficientScope" })
  }),
)

it.effect("the owner's current rights apply: what they lose, their tokens lose", () =>
  Effect.gen(function* () {
    const token = presented({ scopes: scopes("treasure:edit", "treasure:delete") })
    const mayEdit = directory(() => ({ active: true, scopes: ["treasure:manage"] }))
    expect((yield* verifying([token], [], mayEdit)).outcome).toMatchObject({
      scopes: ["treasure:edit", "treasure:read"],
    })
    expect(
      (yield* verifying([token], ["treasure:read", "treasure:delete", "treasure:manage"], mayEdit)).outcome,
    ).toEqual({
      _tag: "InsufficientScope",
      tokenId: token.id,
      ownedBy: "user-1",
      required: ["treasure:read", "treasure:delete", "treasure:manage"],
      missing: [
        { scope: "treasure:delete", on: "owner" },
        { scope: "treasure:manage", on: "token" },
      ],
    })
    const inactive = directory(() => ({ active: false }))
    expect((yield* verifying([token], [], inactive)).outcome).toEqual({
      _tag: "OwnerInactive",
      tokenId: token.id,
      ownedBy: "user-1",
    })
  }),
)

it.effect("a failing owner directory is an outage, and never a verdict", () =>
  Effect.gen(function* () {
    const failing = directory(() => {
      throw new Error("connection refused")
    })
    expect((yield* verifying([presented()], [], failing)).outcome).toBeInstanceOf(RepositoryUnavailable)
  }),
)

it.effect("a failing store is an outage, and never a verdict", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const error = yield* Effect.flip(tokens.verify(plaintext))
    expect(error).toBeInstanceOf(RepositoryUnavailable)
  }).pipe(Effect.provide(ApiTokens.layer({ catalogue }).pipe(Layer.provide([unavailable, NodeCrypto.layer])))),
)

it.effect("a minted token can do what it and all its ancestors can, for one more lookup", () =>
  Effect.gen(function* () {
    const root = anApiToken({ scopes: scopes("treasure:manage") })
    const parent = anApiToken({ scopes: scopes("treasure:edit", "treasure:delete"), ancestors: [root.id] })
    const token = presented({ scopes: scopes("treasure:edit", "treasure:delete"), ancestors: [root.id, parent.id] })
    const { outcome, asked } = yield* verifying([root, parent, token])
    expect(outcome).toMatchObject({ scopes: ["treasure:edit", "treasure:read"] })
    expect(asked).toEqual(["findByDigest", "findManyById"])
    expect((yield* verifying([root, parent, token], ["treasure:delete"])).outcome).toMatchObject({
      _tag: "InsufficientScope",
      missing: [{ scope: "treasure:delete", on: "ancestor" }],
    })
  }),
)

it.effect.each([
  ["revoked", revoked, "Revoked"],
  ["expired", expires(0), "Expired"],
] as const)("a token whose ancestor is %s is refused", ([, state, refusal]) =>
  Effect.gen(function* () {
    const root = anApiToken(state)
    const parent = anApiToken({ ancestors: [root.id] })
    const token = presented({ ancestors: [root.id, parent.id] })
    expect((yield* verifying([root, parent, token])).outcome).toEqual({
      _tag: refusal,
      tokenId: token.id,
      on: "ancestor",
    })
  }),
)

it.effect("a token whose ancestor is gone is refused", () =>
  Effect.gen(function* () {
    const token = presented({ ancestors: [anId()] })
    expect((yield* verifying([token])).outcome).toMatchObject({ _tag: "Revoked", on: "ancestor" })
  }),
)

it.effect("a string that isn't a token never reaches the store", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const asked = yield* Asked
    for (const [wrong, flaw] of [
      [undefined, "NotAString"],
      [42, "NotAString"],
      [{}, "NotAString"],
      ["", "WrongLength"],
      [`${plaintext}x`, "WrongLength"],
      [plaintext.replace("tok_", "key_"), "WrongPrefix"],
      [plaintext.slice(0, -1) + "!", "WrongCharacter"],
      [plaintext.slice(0, -1) + (plaintext.endsWith("0") ? "1" : "0"), "WrongChecksum"],
    ] as const) {
      expect(yield* Effect.flip(tokens.verify(wrong))).toEqual({ _tag: "Malformed", flaw })
    }
    expect(asked).toEqual([])
  }).pipe(
    Effect.provide(ApiTokens.layer({ catalogue }).pipe(Layer.provide(NodeCrypto.layer), Layer.provideMerge(counting))),
  ),
)

it.effect("10,000 verifies of 100 tokens write nothing", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const asked = yield* Asked
    const request = { ownedBy: owner("user-1"), name: "CI", scopes: ["treasure:read"], by: byAlice }
    const plaintexts = yield* Effect.all(
      Array.from({ length: 100 }, () => Effect.map(tokens.issue(request), ({ plaintext }) => plaintext)),
    )
    asked.length = 0
    for (let round = 0; round < 100; round++) {
      for (const plaintext of plaintexts) yield* tokens.verify(plaintext, { scopes: ["treasure:read"] })
    }
    expect(asked).toHaveLength(10_000)
    expect(new Set(asked)).toEqual(new Set(["findByDigest"]))
  }).pipe(
    Effect.provide(ApiTokens.layer({ catalogue }).pipe(Layer.provide(NodeCrypto.layer), Layer.provideMerge(counting))),
  ),
)

it.effect("changing a caller can't affect another token's ancestors", () =>
  Effect.gen(function* () {
    const parent = yield* issue()
    const child = yield* issue({ caller: yield* callerWith(parent.plaintext) })
    for (const { plaintext } of [parent, child]) {
      const { ancestors } = yield* callerWith(plaintext)
      expect(() => (ancestors as Array<TokenId>).push(anId())).toThrow(TypeError)
    }
  }).pipe(Effect.provide(world())),
)
