/** Tokens that only a client with a certain key can use. */
import { describe, expect, it } from "@effect/vitest"
import { ApiTokens, AuditSink, MemoryRepository, type Refusal, RepositoryUnavailable } from "@tokenry/core"
import { ApiTokenRepository, type KeyThumbprint, unattributed } from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { catalogue, hour } from "./builders.ts"
import { answeringLater, conflicting, memoryBut, overtaken } from "./repositories.ts"
import { issue, outcomeOf, stored, world } from "./world.ts"

/** The example of RFC 7638 §3.1, and two others. */
const key = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
const otherKey = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
const thirdKey = "-".repeat(42) + "A"

/** `accepted`, the flaw of the key, or another reason. */
const verdictWith = (plaintext: string, provenKey?: string, scopes: ReadonlyArray<string> = []) =>
  ApiTokens.use((tokens) =>
    Effect.match(tokens.verify(plaintext, { scopes, provenKey }), {
      onSuccess: () => "accepted" as const,
      onFailure: (refusal: Refusal | RepositoryUnavailable) =>
        refusal._tag === "WrongKey" ? refusal.flaw : refusal._tag,
    }),
  )

const boundToOf = (token: Parameters<typeof stored>[0]) => Effect.map(stored(token), ({ boundTo }) => boundTo)

describe.each([
  ["", MemoryRepository.layer],
  [", over a store that answers later", answeringLater],
])("with or without a cache%s", (_, store) => {
  for (const options of [{}, { cache: { maxStaleness: "1 minute" } }] as const) {
    it.effect("a token bound to a key is accepted with that key alone", () =>
      Effect.gen(function* () {
        const { plaintext, token } = yield* issue({ boundTo: key })
        expect(token.boundTo).toEqual(Option.some(key))
        for (let time = 0; time < 2; time++) {
          expect(yield* verdictWith(plaintext, key)).toBe("accepted")
          expect(yield* verdictWith(plaintext)).toBe("NoKey")
          expect(yield* verdictWith(plaintext, otherKey)).toBe("AnotherKey")
        }
        const tokens = yield* ApiTokens
        const caller = yield* tokens.verify(plaintext, { scopes: [], provenKey: key })
        expect(caller.boundTo).toEqual(Option.some(key))
      }).pipe(Effect.provide(world(options, Layer.empty, store))),
    )

    it.effect("a bearer token is refused with a key, and needs none", () =>
      Effect.gen(function* () {
        const { plaintext } = yield* issue()
        for (let time = 0; time < 2; time++) {
          expect(yield* verdictWith(plaintext, key)).toBe("NotBound")
          expect(yield* verdictWith(plaintext)).toBe("accepted")
        }
      }).pipe(Effect.provide(world(options, Layer.empty, store))),
    )

    it.effect("the first use binds a first-key token, and no other key is accepted after that", () =>
      Effect.gen(function* () {
        const { plaintext, token } = yield* issue({ boundTo: "first-key" })
        expect(yield* verdictWith(plaintext)).toBe("NoKey")
        expect(yield* boundToOf(token.id)).toEqual(Option.some("first-key"))
        expect(yield* verdictWith(plaintext, key)).toBe("accepted")
        expect(yield* boundToOf(token.id)).toEqual(Option.some(key))
        expect(yield* verdictWith(plaintext, otherKey)).toBe("AnotherKey")
        expect(yield* verdictWith(plaintext)).toBe("NoKey")
        expect(yield* verdictWith(plaintext, key)).toBe("accepted")
        expect((yield* stored(token.id)).revision).toBe(2)
      }).pipe(Effect.provide(world(options, Layer.empty, store))),
    )
  }
})

it.effect("a key bound by another process counts, whatever is cached", () =>
  Effect.gen(function* () {
    const { plaintext, token } = yield* issue({ boundTo: "first-key" })
    expect(yield* verdictWith(plaintext)).toBe("NoKey")
    const elsewhere = token.bind(otherKey as KeyThumbprint, token.createdAt, unattributed)
    yield* ApiTokenRepository.use((repository) => repository.replace(elsewhere, token.revision))
    expect(yield* verdictWith(plaintext, key)).toBe("AnotherKey")
    expect(yield* verdictWith(plaintext, otherKey)).toBe("accepted")
  }).pipe(Effect.provide(world({ cache: { maxStaleness: "1 minute" } }))),
)

it.live("a first use that loses the race is judged by the winner's key", () =>
  Effect.gen(function* () {
    const { plaintext, token } = yield* issue({ boundTo: "first-key" })
    expect(yield* verdictWith(plaintext, key)).toBe("AnotherKey")
    expect(yield* boundToOf(token.id)).toEqual(Option.some(otherKey))
  }).pipe(
    Effect.provide(
      world(
        { cache: { maxStaleness: "1 minute" } },
        Layer.empty,
        overtaken((token, repository) => {
          const bound = token.bind(otherKey as KeyThumbprint, token.createdAt, unattributed)
          return repository.replace(bound, token.revision)
        }),
      ),
    ),
  ),
)

it.live("a token revoked during its first use is refused", () =>
  Effect.gen(function* () {
    const { plaintext } = yield* issue({ boundTo: "first-key" })
    expect(yield* verdictWith(plaintext, key)).toBe("Revoked")
  }).pipe(
    Effect.provide(
      world(
        {},
        Layer.empty,
        overtaken((token, repository) =>
          repository.replace(token.revoke({ at: token.createdAt, reason: "leaked" }, unattributed), token.revision),
        ),
      ),
    ),
  ),
)

it.live("a first use survives other writes to the token", () =>
  Effect.gen(function* () {
    const { plaintext } = yield* issue({ boundTo: "first-key" })
    expect(yield* verdictWith(plaintext, key)).toBe("accepted")
  }).pipe(Effect.provide(world({}, Layer.empty, conflicting(3)))),
)

it.effect("an outage while binding fails as an outage, and the client can retry", () => {
  let isAway = true
  const store = memoryBut((repository) => ({
    replace: (token, revision) =>
      isAway
        ? Effect.fail(new RepositoryUnavailable({ operation: "replace", cause: undefined }))
        : repository.replace(token, revision),
  }))
  return Effect.gen(function* () {
    const { plaintext } = yield* issue({ boundTo: "first-key" })
    expect(yield* verdictWith(plaintext, key)).toBe("RepositoryUnavailable")
    isAway = false
    expect(yield* verdictWith(plaintext, key)).toBe("accepted")
  }).pipe(Effect.provide(world({}, Layer.empty, store)))
})

it.effect("a binding appears in the history and the audit log", () => {
  const kinds: Array<string> = []
  const sink = AuditSink.layerFrom((events) => void kinds.push(...events.map(({ kind }) => kind)))
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue({ boundTo: "first-key" })
    yield* TestClock.setTime(hour)
    yield* verdictWith(plaintext, key)
    const { history } = yield* stored(token.id)
    expect(history.at(-1)).toMatchObject({
      kind: "bound",
      at: { epochMilliseconds: hour },
      actor: { kind: "token", id: token.id },
      detail: Option.some(`to the key ${key}`),
    })
    yield* TestClock.adjust("1 minute")
    expect(kinds).toEqual(["issued", "bound"])
  }).pipe(Effect.provide(world({}, sink)))
})

it.effect("a rotation keeps the key, and a secret in its grace period needs it too", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue({ boundTo: key })
    const rotated = yield* tokens.rotate({ id: token.id, ownedBy: "user-1" })
    for (const each of [plaintext, rotated.plaintext]) {
      expect(yield* verdictWith(each)).toBe("NoKey")
      expect(yield* verdictWith(each, otherKey)).toBe("AnotherKey")
      expect(yield* verdictWith(each, key)).toBe("accepted")
    }
  }).pipe(Effect.provide(world())),
)

it.effect("a dead token's key isn't checked, and only the right client learns which scopes are missing", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue({ boundTo: key })
    expect(yield* verdictWith(plaintext, undefined, ["treasure:delete"])).toBe("NoKey")
    expect(yield* verdictWith(plaintext, key, ["treasure:delete"])).toBe("InsufficientScope")
    yield* tokens.revoke({ id: token.id, ownedBy: "user-1" })
    expect(yield* verdictWith(plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(world())),
)

it.effect("a token minted with a bound one is bound to the same key or another, and can't be first-key", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext } = yield* issue({ boundTo: key })
    const caller = yield* tokens.verify(plaintext, { scopes: [], provenKey: key })
    const heir = yield* issue({ caller })
    expect(yield* verdictWith(heir.plaintext)).toBe("NoKey")
    expect(yield* verdictWith(heir.plaintext, key)).toBe("accepted")
    const another = yield* issue({ caller, boundTo: otherKey })
    expect(yield* verdictWith(another.plaintext, otherKey)).toBe("accepted")
    expect(yield* verdictWith(another.plaintext, key)).toBe("AnotherKey")
    expect(yield* Effect.flip(issue({ caller, boundTo: "first-key" }))).toMatchObject({
      _tag: "PolicyViolation",
      issues: [{ path: ["boundTo"] }],
    })
    const free = yield* issue()
    const freed = yield* tokens.verify(free.plaintext)
    expect((yield* issue({ caller: freed, boundTo: "first-key" })).token.boundTo).toEqual(Option.some("first-key"))
    expect((yield* issue({ caller: freed })).token.boundTo).toEqual(Option.none())
  }).pipe(Effect.provide(world())),
)

it.effect("inspecting neither checks nor binds a key, and shows which one the token needs", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const first = yield* issue({ boundTo: "first-key" })
    const bound = yield* issue({ boundTo: key })
    expect((yield* tokens.inspect(first.plaintext)).boundTo).toEqual(Option.some("first-key"))
    expect((yield* tokens.inspect(bound.plaintext)).boundTo).toEqual(Option.some(key))
    expect((yield* tokens.effectiveStatesOf([first.token, bound.token])).map(({ state }) => state)).toEqual([
      "live",
      "live",
    ])
    expect((yield* stored(first.token.id)).revision).toBe(1)
  }).pipe(Effect.provide(world())),
)

it.effect.each(["", "last-key", key.slice(1), `${key}A`, `${key.slice(0, 42)}t`, key.replace("N", "+"), 7, null])(
  "a key that isn't a thumbprint is invalid input: %j",
  (wrong) =>
    Effect.gen(function* () {
      expect(yield* outcomeOf(issue({ boundTo: wrong as never }))).toBe("InvalidInput")
      const tokens = yield* ApiTokens
      const { plaintext } = yield* issue({ boundTo: "first-key" })
      for (const provenKey of [wrong, "first-key", "unchecked"]) {
        const cause = yield* Effect.flip(
          Effect.sandbox(tokens.verify(plaintext, { scopes: [], provenKey: provenKey as never })),
        )
        expect(cause.reasons[0]).toMatchObject({ _tag: "Die", defect: { _tag: "InvalidInput" } })
      }
    }).pipe(Effect.provide(world())),
)

it("with promises the key is a string, and null for a bearer token", async () => {
  const repository: Layer.Layer<ApiTokenRepository> = MemoryRepository.layer
  const tokens = await createApiTokens({ repository, catalogue })
  const request = { ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] }
  const { plaintext, token } = await tokens.issue({ ...request, boundTo: "first-key" })
  expect(token.boundTo).toBe("first-key")
  const [first, second] = await Promise.all(
    [key, thirdKey].map((provenKey) => tokens.verify(plaintext, { scopes: [], provenKey })),
  )
  expect(first).toMatchObject({ accepted: true, caller: { boundTo: key } })
  expect(second).toEqual({ accepted: false, refusal: { _tag: "WrongKey", tokenId: token.id, flaw: "AnotherKey" } })
  const free = await tokens.issue(request)
  expect(await tokens.verify(free.plaintext)).toMatchObject({ caller: { boundTo: null } })
  await tokens.close()
})
