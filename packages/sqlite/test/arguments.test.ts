import { assert, describe, it } from "@effect/vitest"
import { type KeyId, type OwnerId, type TokenId, unattributed } from "@tokenry/core/adapter"
import { at, aToken, aUse } from "@tokenry/repository-contract/tokens"
import * as Cause from "effect/Cause"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { aStore } from "./stores.ts"

/** What a caller in JavaScript may give by mistake. */
const missing = { undefined, null: null, empty: "", "a number": 0, "an object": {} }
const revocation = { at: at(0), reason: "x" }
const nowhen = { epochMilliseconds: Number.NaN } as DateTime.Utc

describe("what is missing is a defect, and never means all", () => {
  for (const [what, value] of Object.entries(missing)) {
    it.effect(`${what} for an owner, an id or a third party`, () =>
      Effect.gen(function* () {
        const { repository, usageStore } = yield* aStore
        const token = aToken({ issuedTo: Option.some("an app") })
        yield* repository.insert(token)
        const owner = value as OwnerId
        const id = value as TokenId
        const list = { state: "any", now: at(0), after: Option.none(), limit: 10 } as const
        yield* isDefect(repository.revokeOwnedBy(owner, revocation, unattributed))
        yield* isDefect(repository.revokeIssuedTo(value as string, Option.none(), revocation, unattributed))
        yield* isDefect(repository.revokeIssuedTo("an app", Option.some(owner), revocation, unattributed))
        yield* isDefect(repository.listOwnedBy({ ...list, ownedBy: owner }))
        yield* isDefect(repository.countLiveOwnedBy(owner, at(0)))
        if (value !== undefined) yield* isDefect(repository.listOwnedBy({ ...list, ...token, lineageOf: id }))
        yield* isDefect(repository.markDelivered(id, 1))
        yield* isDefect(Stream.runCollect(repository.withKey(Option.some(value as KeyId))))
        yield* isDefect(usageStore.record([aUse({ tokenId: id })]))
        yield* isDefect(usageStore.usageOf([id]))
        yield* isDefect(repository.findById(id))
        yield* isDefect(repository.findManyById([id]))
        yield* isDefect(repository.insert(aToken({ id })))
        yield* isDefect(repository.insert(aToken({ ownedBy: owner })))
        assert.strictEqual(yield* repository.countLiveOwnedBy(token.ownedBy, at(0)), 1)
      }),
    )
  }

  for (const instant of [undefined, nowhen] as ReadonlyArray<DateTime.Utc>) {
    it.effect(instant === undefined ? "no instant" : "an instant that is none", () =>
      Effect.gen(function* () {
        const { repository, usageStore } = yield* aStore
        const token = aToken({ expiresAt: Option.some(at(9)) })
        const { ownedBy } = token
        yield* repository.insert(token)
        const list = { ownedBy, state: "any", now: at(0), after: Option.none(), limit: 10 } as const
        yield* isDefect(repository.purge(instant))
        yield* isDefect(usageStore.begin(instant))
        yield* isDefect(usageStore.record([aUse({ tokenId: token.id, lastUsedAt: Option.some(instant) })]))
        assert.deepStrictEqual(yield* usageStore.usageOf([token.id]), [])
        yield* isDefect(repository.countLiveOwnedBy(ownedBy, instant))
        yield* isDefect(repository.listOwnedBy({ ...list, now: instant }))
        yield* isDefect(repository.listOwnedBy({ ...list, after: Option.some({ createdAt: instant, id: token.id }) }))
        yield* isDefect(repository.revokeOwnedBy(ownedBy, { at: instant, reason: "x" }, unattributed))
        yield* isDefect(repository.insert(aToken({ expiresAt: Option.some(instant) })))
        yield* isDefect(Stream.runCollect(repository.liveCreatedBefore(instant, at(0))))
        yield* isDefect(Stream.runCollect(repository.liveCreatedBefore(at(0), instant)))
        yield* isDefect(Stream.runCollect(repository.expiringBetween(instant, at(99))))
        yield* isDefect(Stream.runCollect(repository.expiringBetween(at(0), instant)))
        assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(0)), 1)
      }),
    )
  }

  for (const limit of [0, -1, 1.5, Number.NaN, Infinity]) {
    it.effect(`the limit ${limit}`, () =>
      Effect.gen(function* () {
        const { repository } = yield* aStore
        const { ownedBy } = aToken()
        yield* isDefect(repository.listOwnedBy({ ownedBy, state: "any", now: at(0), after: Option.none(), limit }))
      }),
    )
  }
})

const isDefect = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause), "expected a defect")
  })
