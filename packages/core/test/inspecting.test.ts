/** Looking up someone else's token: the same result as verifying, without side effects. */
import { expect, it } from "@effect/vitest"
import { ApiTokens, MemoryRepository, OwnerDirectory, RepositoryUnavailable, TokenPolicy } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { TestClock } from "effect/testing"
import { catalogue, day } from "./builders.ts"
import { issue, settled, stored, world } from "./world.ts"

const usageOf = (token: Parameters<ApiTokens["Service"]["usageOf"]>[0][number]) =>
  ApiTokens.use((tokens) => Effect.map(tokens.usageOf([token]), (usages) => Option.getOrThrow(usages)[0]))

it.effect("it returns the same as verify, for tokens in every state", () => {
  let isActive = true
  const owners = OwnerDirectory.layerFrom((ownedBy) => ({ active: isActive || ownedBy !== "user-2", scopes: "all" }))
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const live = yield* issue({ scopes: ["treasure:edit"] })
    const rotated = yield* issue()
    const newest = yield* tokens.rotate({ id: rotated.token.id, ownedBy: "user-1" })
    const revoked = yield* issue()
    yield* tokens.revoke({ id: revoked.token.id, ownedBy: "user-1" })
    const expired = yield* issue({ expiresIn: "1 day" })
    const inactive = yield* issue({ ownedBy: "user-2" })
    yield* TestClock.setTime(2 * day)
    isActive = false
    const presented = [live, rotated, newest, revoked, expired, inactive].map(({ plaintext }) => plaintext)
    const verdicts: Array<string> = []
    for (const value of [...presented, "no token", 7]) {
      const inspected = yield* Effect.result(tokens.inspect(value))
      expect(inspected).toEqual(yield* Effect.result(tokens.verify(value)))
      verdicts.push(Result.isSuccess(inspected) ? "accepted" : inspected.failure._tag)
    }
    expect(verdicts).toEqual([
      "accepted",
      "Retired",
      "accepted",
      "Revoked",
      "Expired",
      "OwnerInactive",
      "Malformed",
      "Malformed",
    ])
  }).pipe(Effect.provide(world({}, owners)))
})

it.effect("it doesn't count as a use", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue()
    yield* tokens.inspect(plaintext)
    expect(yield* usageOf(token)).toMatchObject({ count: 0, lastUsedAt: Option.none() })
    yield* tokens.verify(plaintext)
    expect(yield* usageOf(token)).toMatchObject({ count: 1 })
  }).pipe(Effect.provide(world())),
)

it.effect("inspecting a retired secret isn't reuse", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue()
    yield* tokens.rotate({ id: token.id, ownedBy: "user-1" })
    yield* TestClock.setTime(2 * day)
    expect(yield* Effect.flip(tokens.inspect(plaintext))).toMatchObject({ _tag: "Retired" })
    yield* settled
    expect(yield* stored(token.id)).toMatchObject({ revocation: Option.none(), revision: 2 })
    expect((yield* usageOf(token))?.secrets).toEqual([])
    yield* Effect.flip(tokens.verify(plaintext))
    yield* settled
    expect(yield* stored(token.id)).toMatchObject({ revocation: { _tag: "Some" } })
  }).pipe(Effect.provide(world({ policy: TokenPolicy.make({ onReuse: "revoke" }) }))),
)

it("with promises a refusal is a value too, and an outage rejects", async () => {
  let isDown = false
  const outage = new RepositoryUnavailable({ operation: "findByDigest", cause: undefined })
  const repository = Layer.effect(
    ApiTokenRepository,
    ApiTokenRepository.use((memory) =>
      Effect.succeed({
        ...memory,
        findByDigest: (digests) => (isDown ? Effect.fail(outage) : memory.findByDigest(digests)),
      } satisfies ApiTokenRepository["Service"]),
    ),
  ).pipe(Layer.provide(MemoryRepository.layer))
  const tokens = await createApiTokens({ repository, catalogue })
  const { plaintext, token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"] })
  expect(await tokens.inspect(plaintext)).toEqual({
    accepted: true,
    caller: {
      tokenId: token.id,
      generation: 1,
      ownedBy: "user-1",
      ancestors: [],
      scopes: ["treasure:edit", "treasure:read"],
      narrowedBy: [],
      expiresAt: token.expiresAt,
      boundTo: null,
    },
  })
  expect(await tokens.inspect("no token")).toEqual({
    accepted: false,
    refusal: { _tag: "Malformed", flaw: "WrongLength" },
  })
  isDown = true
  await expect(tokens.inspect(plaintext)).rejects.toBe(outage)
  await tokens.close()
})
