/** What a page shows for each token: the result verifying would have, and why. */
import { describe, expect, it } from "@effect/vitest"
import {
  type ApiToken,
  ApiTokens,
  DamagedToken,
  MemoryRepository,
  type OwnerAuthority,
  OwnerDirectory,
  ScopeCatalogue,
} from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import { anId, owner, scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { anApiToken, at, catalogue, day } from "./builders.ts"
import { Asked, counting, memoryBut } from "./repositories.ts"
import { callerWith, issue, stored, verdictOn, world } from "./world.ts"

const stateOf = (token: ApiToken) =>
  ApiTokens.use((tokens) => Effect.map(tokens.effectiveStatesOf([token]), ([state]) => state))

const live = { state: "live", on: "token", withheld: [], undeclaredScopes: [] }

const owned = (authority: OwnerAuthority) =>
  world(
    {},
    OwnerDirectory.layerFrom(() => authority),
  )

describe("the effective state", () => {
  it.effect("of a live token is what it may do, including implied scopes", () =>
    Effect.gen(function* () {
      const { token } = yield* issue({ scopes: ["treasure:edit"] })
      expect(yield* stateOf(token)).toEqual({ ...live, scopes: ["treasure:edit", "treasure:read"] })
    }).pipe(Effect.provide(world())),
  )

  it.effect("of a dead token says whether it or an ancestor is revoked or expired", () =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const top = yield* issue({ expiresIn: "10 days" })
      const { token: child } = yield* issue({ caller: yield* callerWith(top.plaintext), expiresIn: "5 days" })
      const dead = { scopes: [], withheld: [], undeclaredScopes: [] }
      yield* TestClock.setTime(5 * day)
      expect(yield* stateOf(child)).toEqual({ ...dead, state: "expired", on: "token" })
      yield* TestClock.setTime(4 * day)
      yield* tokens.edit({ id: top.token.id, ownedBy: "user-1", expiresAt: new Date(4 * day + 1) })
      yield* TestClock.setTime(4 * day + 1)
      expect(yield* stateOf(child)).toEqual({ ...dead, state: "expired", on: "ancestor" })
      yield* tokens.revoke({ id: top.token.id, ownedBy: "user-1" })
      expect(yield* stateOf(child)).toEqual({ ...dead, state: "revoked", on: "ancestor" })
      expect(yield* stateOf(yield* stored(top.token.id))).toEqual({ ...dead, state: "revoked", on: "token" })
      expect(yield* stateOf(anApiToken({ ancestors: [anId()] }))).toEqual({ ...dead, state: "revoked", on: "ancestor" })
    }).pipe(Effect.provide(world())),
  )

  it.effect("says which scopes its owner or an ancestor no longer grants", () =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const all = ["treasure:edit", "treasure:delete"]
      const top = yield* issue({ scopes: all })
      const { token } = yield* issue({ caller: yield* callerWith(top.plaintext), scopes: all })
      yield* tokens.edit({ id: top.token.id, ownedBy: "user-1", scopes: ["treasure:edit"] })
      const limited = owned({ active: true, scopes: ["treasure:read", "treasure:delete"] })
      expect(yield* Effect.provide(stateOf(token), limited)).toEqual({
        ...live,
        scopes: ["treasure:read"],
        withheld: [
          { scope: "treasure:edit", on: "owner" },
          { scope: "treasure:delete", on: "ancestor" },
        ],
      })
      expect(yield* Effect.provide(stateOf(token), owned({ active: false }))).toMatchObject({
        state: "owner-inactive",
        on: "owner",
        scopes: [],
      })
    }).pipe(Effect.provide(world())),
  )

  it.effect("says which scopes are no longer declared, and when none is left", () =>
    Effect.gen(function* () {
      const { token } = yield* Effect.provide(issue({ scopes: ["treasure:edit"] }), world())
      const smaller = (names: Record<string, string>) => world({ catalogue: ScopeCatalogue.make(names) })
      const undeclaredScopes = ["treasure:edit"]
      expect(yield* Effect.provide(stateOf(token), smaller({ other: "Others" }))).toEqual({
        ...live,
        scopes: [],
        undeclaredScopes,
      })
      const both = anApiToken({ scopes: scopes("treasure:edit", "treasure:read") })
      expect(yield* Effect.provide(stateOf(both), smaller({ "treasure:read": "See" }))).toEqual({
        ...live,
        scopes: ["treasure:read"],
        undeclaredScopes,
      })
    }).pipe(Effect.provide(MemoryRepository.layer)),
  )

  it.effect("agrees with verify for each token of a page", () => {
    let rights: OwnerAuthority = { active: true, scopes: "all" }
    return Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const issued = []
      for (const expiresIn of ["1 day", "10 days", "20 days"]) {
        const parent = yield* issue({ expiresIn, scopes: ["treasure:manage"] })
        const child = yield* issue({ expiresIn: "1 day", caller: yield* callerWith(parent.plaintext) })
        issued.push(parent, child)
      }
      for (const { token } of issued.slice(2, 4)) yield* tokens.revoke({ id: token.id, ownedBy: "user-1" })
      rights = { active: true, scopes: ["treasure:edit"] }
      yield* TestClock.setTime(day)
      const page = yield* Effect.forEach(issued, ({ token }) => stored(token.id))
      const states = yield* tokens.effectiveStatesOf(page)
      for (const [index, { plaintext }] of issued.entries()) {
        const verdict = yield* verdictOn(plaintext)
        expect(states[index]?.state).toBe(verdict === "accepted" ? "live" : verdict.toLowerCase())
        if (verdict === "accepted") expect(states[index]?.scopes).toEqual((yield* callerWith(plaintext)).scopes)
      }
      expect(new Set(states.map(({ state }) => state))).toEqual(new Set(["live", "expired", "revoked"]))
    }).pipe(
      Effect.provide(
        world(
          {},
          OwnerDirectory.layerFrom(() => rights),
        ),
      ),
    )
  })

  it.effect("of a whole page costs one lookup of ancestors, and one owner lookup for each owner of live tokens", () => {
    const asked: Array<string> = []
    const directory = OwnerDirectory.layerFrom((ownedBy) => {
      asked.push(ownedBy)
      return { active: true, scopes: "all" }
    })
    return Effect.gen(function* () {
      const [first, second] = [anApiToken(), anApiToken({ ownedBy: owner("user-2") })]
      const repository = yield* ApiTokenRepository
      for (const token of [first, second]) yield* repository.insert(token)
      const calls = yield* Asked
      calls.length = 0
      const dead = anApiToken({ ownedBy: owner("user-3"), expiresAt: Option.some(at(0)) })
      const page = [first, second].flatMap(({ id, ownedBy }) =>
        Array.from({ length: 20 }, () => anApiToken({ ownedBy, ancestors: [id] })),
      )
      const states = yield* ApiTokens.use((tokens) => tokens.effectiveStatesOf([...page, dead]))
      expect(states.map(({ state }) => state)).toEqual([...page.map(() => "live"), "expired"])
      expect(calls).toEqual(["findManyById"])
      expect(asked).toEqual(["user-1", "user-2"])
    }).pipe(Effect.provide(world({ usage: false }, directory, counting as never).pipe(Layer.provideMerge(counting))))
  })

  it.effect("of a token below a damaged one is damaged, and the page's other tokens aren't", () => {
    const [damaged, sound] = [anId(), anApiToken()]
    const stores = memoryBut((repository) => ({
      findManyById: (ids) =>
        ids.includes(damaged)
          ? Effect.die(new DamagedToken({ id: damaged, field: "scopes" }))
          : repository.findManyById(ids),
    }))
    return Effect.gen(function* () {
      yield* ApiTokenRepository.use((repository) => repository.insert(sound))
      const page = [[damaged], [sound.id], [sound.id, damaged], []].map((ancestors) => anApiToken({ ancestors }))
      const states = yield* ApiTokens.use((tokens) => tokens.effectiveStatesOf(page))
      expect(states.map(({ state, on }) => `${state} ${on}`)).toEqual([
        "damaged ancestor",
        "live token",
        "damaged ancestor",
        "live token",
      ])
    }).pipe(Effect.provide(world({}, undefined, stores)))
  })
})

it("with promises it takes tokens as listed, and refuses anything else", async () => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  const { token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  await tokens.revoke({ id: token.id, ownedBy: "user-1" })
  const { items } = await tokens.list({ ownedBy: "user-1" })
  expect(await tokens.effectiveStatesOf(items)).toMatchObject([
    { state: "revoked", on: "token" },
    { state: "live", scopes: ["treasure:read"] },
  ])
  expect(await tokens.effectiveStatesOf([])).toEqual([])
  const wrong = [undefined, null, {}, [null], [{ id: "x" }], [{ ...token, expiresAt: "soon" }], [{ ...token, id: 1 }]]
  for (const value of wrong) {
    await expect(tokens.effectiveStatesOf(value as never)).rejects.toMatchObject({ _tag: "InvalidInput" })
  }
  await tokens.close()
})
