/** Lists of tokens, page by page. */
import { expect, it } from "@effect/vitest"
import { ApiTokens, MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, ListCursor } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { anId, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { anApiToken, at, catalogue, hour } from "./builders.ts"

const world = ApiTokens.layer({ catalogue }).pipe(
  Layer.provide(NodeCrypto.layer),
  Layer.provideMerge(MemoryRepository.layer),
)

it.effect("a list has the owner's tokens, newest first, 20 by default", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    for (let index = 0; index < 21; index++) {
      yield* TestClock.setTime(index)
      yield* tokens.issue({ ownedBy: "user-1", name: `token ${index}`, scopes: [] })
      yield* tokens.issue({ ownedBy: "user-10", name: "another's", scopes: [] })
    }
    const { items, nextCursor } = yield* tokens.list({ ownedBy: "user-1" })
    expect(items.map(({ name }) => name)).toEqual(Array.from({ length: 20 }, (_, index) => `token ${20 - index}`))
    const rest = yield* tokens.list({ ownedBy: "user-1", cursor: Option.getOrThrow(nextCursor) })
    expect(rest.items.map(({ name }) => name)).toEqual(["token 0"])
    expect(rest.nextCursor).toEqual(Option.none())
  }).pipe(Effect.provide(world)),
)

it.effect("an exactly full page is the last one if nothing follows", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    for (let index = 0; index < 4; index++) yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const first = yield* tokens.list({ ownedBy: "user-1", limit: 2 })
    const second = yield* tokens.list({ ownedBy: "user-1", limit: 2, cursor: Option.getOrThrow(first.nextCursor) })
    expect([first.items.length, second.items.length]).toEqual([2, 2])
    expect(second.nextCursor).toEqual(Option.none())
    expect(yield* tokens.list({ ownedBy: "nobody" })).toEqual({ items: [], nextCursor: Option.none() })
  }).pipe(Effect.provide(world)),
)

it.effect("pages contain each token once, even if hundreds share one instant and others are added meanwhile", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const issue = Effect.map(tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] }), ({ token }) => token.id)
    const there = yield* Effect.all(Array.from({ length: 300 }, () => issue))
    const seen: Array<string> = []
    let cursor: string | undefined
    do {
      const page: Effect.Success<ReturnType<typeof tokens.list>> = yield* tokens.list({
        ownedBy: "user-1",
        limit: 29,
        cursor,
      })
      seen.push(...page.items.map(({ id }) => id))
      cursor = Option.getOrUndefined(page.nextCursor)
      yield* issue
    } while (cursor !== undefined)
    expect(new Set(seen).size).toBe(seen.length)
    expect(there.filter((id) => !seen.includes(id))).toEqual([])
  }).pipe(Effect.provide(world)),
)

it.effect("a list can be limited to the live or the dead", () =>
  Effect.gen(function* () {
    const repository = yield* ApiTokenRepository
    const tokens = yield* ApiTokens
    const kinds = {
      live: anApiToken({ expiresAt: Option.some(at(hour + 1)) }),
      never: anApiToken(),
      expired: anApiToken({ expiresAt: Option.some(at(hour)) }),
      revoked: anApiToken({ revocation: Option.some({ at: at(1), reason: "lost" }) }),
      another: anApiToken({ ownedBy: owner("user-2") }),
    }
    for (const token of Object.values(kinds)) yield* repository.insert(token)
    yield* TestClock.setTime(hour)
    const idsOf = (state: "live" | "dead" | "any") =>
      Effect.map(tokens.list({ ownedBy: "user-1", state }), ({ items }) => items.map(({ id }) => id).sort())
    expect(yield* idsOf("live")).toEqual([kinds.live.id, kinds.never.id].sort())
    expect(yield* idsOf("dead")).toEqual([kinds.expired.id, kinds.revoked.id].sort())
    expect(yield* idsOf("any")).toHaveLength(4)
  }).pipe(Effect.provide(world)),
)

it.effect(
  "a cursor is a position and not a permission: with someone else's, a person still sees only their own tokens",
  () =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
      const cursor = ListCursor.encode({ createdAt: at(hour), id: anId() })
      expect((yield* tokens.list({ ownedBy: "user-1", cursor })).items).toHaveLength(1)
      expect((yield* tokens.list({ ownedBy: "user-2", cursor })).items).toEqual([])
    }).pipe(Effect.provide(world)),
)
