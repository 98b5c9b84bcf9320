/** Stores and owner directories that answer late or not at all, and how often they are called. */
import { expect, it } from "@effect/vitest"
import {
  type ApiToken,
  ApiTokens,
  MemoryRepository,
  OwnerDirectory,
  RepositoryUnavailable,
  TokenFormat,
} from "@tokenry/core"
import { ApiTokenRepository, Secret } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { anId, aSecret, scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { anApiToken, at, catalogue, digestOf, hour } from "./builders.ts"
import { answeringLater, memoryBut, unavailable } from "./repositories.ts"

const plaintext = TokenFormat.checksummed({ prefix: "tok" }).make(new Uint8Array(64).fill(1)) ?? ""

const presented = (fields: Partial<ApiToken> = {}, state: Secret["state"] = Secret.active) =>
  anApiToken({ secrets: [aSecret({ digest: digestOf(plaintext), state })], ...fields })

const revoked = { revocation: Option.some({ at: at(0), reason: "test" }) }
const expired = { expiresAt: Option.some(at(hour)) }
const root = anApiToken({ scopes: scopes("treasure:edit") })
const bareRoot = anApiToken({ scopes: [] })
const deadRoot = anApiToken(revoked)

/** Tokens that a store may hold, the result of verifying each, and whether the owner's rights matter to it. */
const situations: ReadonlyArray<[name: string, tokens: ReadonlyArray<ApiToken>, outcome: object, asksOwners: boolean]> =
  [
    ["a live token", [presented()], { scopes: ["treasure:read"] }, true],
    ["an unknown token", [], { _tag: "Unknown" }, false],
    ["a retired secret", [presented({}, { _tag: "Retired", at: at(0) })], { _tag: "Retired" }, false],
    ["a revoked token", [presented(revoked)], { _tag: "Revoked", on: "token" }, false],
    ["an expired token", [presented(expired)], { _tag: "Expired", on: "token" }, false],
    ["a minted token", [root, presented({ ancestors: [root.id] })], { scopes: ["treasure:read"] }, true],
    [
      "a dead ancestor",
      [deadRoot, presented({ ancestors: [deadRoot.id] })],
      { _tag: "Revoked", on: "ancestor" },
      false,
    ],
    ["a missing ancestor", [presented({ ancestors: [anId()] })], { _tag: "Revoked", on: "ancestor" }, false],
    [
      "an only ancestor with fewer scopes",
      [bareRoot, presented({ ancestors: [bareRoot.id] })],
      { _tag: "InsufficientScope", missing: [{ scope: "treasure:read", on: "ancestor" }] },
      true,
    ],
    ["too few scopes", [presented({ scopes: [] })], { _tag: "InsufficientScope" }, true],
  ]

it.effect.each(situations)(
  "%s comes to the same, whether the store answers at once or later",
  ([, held, outcome, asks]) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(hour)
      const asked: Array<string> = []
      const owners = OwnerDirectory.layerFrom((ownedBy) => {
        asked.push(ownedBy)
        return { active: true, scopes: "all" }
      })
      for (const store of [MemoryRepository.layer, answeringLater]) {
        for (const directory of [Layer.empty, owners]) {
          asked.length = 0
          const verdict = yield* Effect.gen(function* () {
            const repository = yield* ApiTokenRepository
            for (const token of held) yield* repository.insert(token)
            const tokens = yield* ApiTokens
            return yield* Effect.result(tokens.verify(plaintext, { scopes: ["treasure:read"] }))
          }).pipe(
            Effect.provide(
              ApiTokens.layer({ catalogue }).pipe(
                Layer.provide([NodeCrypto.layer, directory]),
                Layer.provideMerge(store),
              ),
            ),
          )
          expect(verdict._tag === "Success" ? verdict.success : verdict.failure).toMatchObject(outcome)
          expect(asked).toEqual(directory === owners && asks ? ["user-1"] : [])
        }
      }
    }),
)

it.effect("a check that is run again looks up again: the next one sees a revocation", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const check = tokens.verify(plaintext)
    yield* check
    yield* tokens.revoke({ id: token.id, ownedBy: "user-1" })
    expect(yield* Effect.flip(check)).toMatchObject({ _tag: "Revoked" })
  }).pipe(
    Effect.provide(ApiTokens.layer({ catalogue }).pipe(Layer.provide([MemoryRepository.layer, NodeCrypto.layer]))),
  ),
)

it.effect("every use case passes an outage on, and names the operation that failed", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const own = { id: anId(), ownedBy: "user-1" }
    const attempts: Record<string, Effect.Effect<unknown, { readonly _tag: string }>> = {
      insert: tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] }),
      findByDigest: tokens.verify(plaintext),
      findById: tokens.find(own),
      listOwnedBy: tokens.list({ ownedBy: "user-1" }),
      revokeOwnedBy: tokens.revokeOwnedBy({ ownedBy: "user-1" }),
    }
    for (const [operation, attempt] of Object.entries(attempts)) {
      const error = yield* Effect.flip(attempt)
      expect(error).toBeInstanceOf(RepositoryUnavailable)
      expect(error).toMatchObject({ operation, message: `The token store is unavailable (${operation})` })
    }
  }).pipe(Effect.provide(ApiTokens.layer({ catalogue }).pipe(Layer.provide([unavailable, NodeCrypto.layer])))),
)

const outageOf = (operation: string) => () =>
  Effect.fail(new RepositoryUnavailable({ operation, cause: new Error("connection refused") }))

it.effect("a store that only fails when it is asked for ancestors is an outage too", () =>
  Effect.gen(function* () {
    const repository = yield* ApiTokenRepository
    yield* repository.insert(presented({ ancestors: [anId()] }))
    const tokens = yield* ApiTokens
    expect(yield* Effect.flip(tokens.verify(plaintext))).toBeInstanceOf(RepositoryUnavailable)
  }).pipe(
    Effect.provide(
      ApiTokens.layer({ catalogue }).pipe(
        Layer.provide(NodeCrypto.layer),
        Layer.provideMerge(memoryBut(() => ({ findManyById: outageOf("findManyById") }))),
      ),
    ),
  ),
)

it.effect("a failed write isn't retried automatically, since its outcome is unknown", () => {
  let writes = 0
  const store = memoryBut(() => ({
    replace: () => Effect.suspend(() => ((writes += 1), outageOf("replace")())),
  }))
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
    const own = { id: token.id, ownedBy: "user-1" }
    const attempts: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
      tokens.edit({ ...own, name: "laptop" }),
      tokens.edit({ ...own, scopes: [] }),
      tokens.edit({ ...own, expiresIn: "1 day" }),
      tokens.revoke(own),
    ]
    for (const attempt of attempts) {
      expect(yield* Effect.flip(attempt)).toMatchObject({ _tag: "RepositoryUnavailable", operation: "replace" })
    }
    expect(writes).toBe(attempts.length)
  }).pipe(Effect.provide(ApiTokens.layer({ catalogue }).pipe(Layer.provide([store, NodeCrypto.layer]))))
})
