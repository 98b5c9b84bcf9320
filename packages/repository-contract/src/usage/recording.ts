/** Laws for one call of `record`: what is recorded can be read back, for the right secret. */
import { assert } from "@effect/vitest"
import type { TokenId } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { areStored, idsOf, insertAll, isAnError } from "../steps.ts"
import { anId, at, aToken, aUse, expiring, manyTokens, revoked } from "../tokens.ts"
import { noText } from "../laws/missing.ts"
import { usageLaw } from "../UsageLaw.ts"
import { areRecorded, aReuse, required } from "./uses.ts"

/** Scopes that a store might mistake for a path, an operator or its own syntax. */
export const unusualScopes = [
  "treasure:read",
  "treasure:read.all",
  "treasure",
  "a.b",
  "a.b.c",
  "a",
  "A",
  ".",
  "a.",
  "..",
  "$",
  "$set",
  "$where.a",
  "a$",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "0",
  "%2E",
  "~1",
  "*",
  "'",
  "[0]",
  "#",
  "x".repeat(100),
]

export const recordingLaws = [
  usageLaw("a secret's recorded usage is returned unchanged", function* ({ here, there }) {
    const tokens = manyTokens(8, (index) => (index % 3 === 0 ? revoked(1) : index % 3 === 1 ? expiring(-1) : {}))
    yield* insertAll(here.repository, tokens)
    const shapes = [
      aUse({ tokenId: anId() }),
      aUse({ tokenId: anId(), count: 3, lastUsedAt: Option.some(at(1)), ...required({ "a:b": 1, "c:d": -5 }) }),
      aReuse({ tokenId: anId(), generation: 7, reuses: 2 }),
      aUse({
        tokenId: anId(),
        generation: 1_000_000,
        count: 5_000_000_000,
        reuses: 3_000_000_000,
        lastReusedAt: Option.some(at(8)),
      }),
      aUse({ tokenId: anId(), lastUsedAt: Option.some(at(-1_700_000_000_001)) }),
      aUse({
        tokenId: anId(),
        lastUsedAt: Option.some(at(250_000_000_000_999)),
        ...required({ x: 1_000_000_000_123 }),
      }),
      aReuse({ tokenId: anId(), lastReusedAt: Option.some(at(-1)) }),
      aUse({ tokenId: anId(), ...required({ x: 500 }) }),
    ]
    const uses = shapes.map((usage, index) => ({ ...usage, tokenId: tokens[index]?.id ?? usage.tokenId }))
    yield* here.usage.record(uses)
    for (const wayIn of [here, there]) yield* areRecorded(wayIn, idsOf(tokens), uses)
  }),

  usageLaw("scopes never mix, whatever their names, and each keeps its own instant", function* ({ here, there }) {
    const tokens = manyTokens(1 + unusualScopes.length, () => ({}))
    const ids = idsOf(tokens)
    yield* insertAll(here.repository, tokens)
    const all = required(unusualScopes.map((scope, index) => [scope, index]))
    const uses = ids.map((tokenId, index) =>
      aUse({ tokenId, ...(index === 0 ? all : required([[unusualScopes[index - 1] ?? "", index]])) }),
    )
    yield* here.usage.record(uses)
    yield* areRecorded(there, ids, uses)
    const later = uses.map((use, index) =>
      aUse({ ...use, ...required(index ? [] : unusualScopes.map((scope, at) => [scope, 99 - at])) }),
    )
    yield* there.usage.record(later)
    const [first] = yield* here.usage.usageOf(ids.slice(0, 1))
    assert.deepStrictEqual(
      new Map([...(first?.scopes ?? [])].map(([scope, when]) => [scope, when.epochMilliseconds])),
      new Map(unusualScopes.map((scope, index) => [scope, at(Math.max(index, 99 - index)).epochMilliseconds])),
    )
  }),

  usageLaw("the secrets of a token are distinguished by their generation", function* ({ here, there }) {
    const [token, other] = [aToken(), aToken()]
    yield* insertAll(here.repository, [token, other])
    const generations = [1, 2, 10, 11, 100]
    const uses = [token, other].flatMap(({ id: tokenId }, index) =>
      generations.map((generation) => aUse({ tokenId, generation, count: generation + index })),
    )
    yield* here.usage.record(uses)
    yield* areRecorded(
      there,
      [token.id],
      uses.filter(({ tokenId }) => tokenId === token.id),
    )
    yield* areRecorded(there, idsOf([token, other]), uses)
  }),

  usageLaw(
    "one call records hundreds of secrets, and counts a secret that occurs repeatedly",
    function* ({ here, there }) {
      const tokens = manyTokens(260, () => ({}))
      yield* insertAll(here.repository, tokens)
      const uses = idsOf(tokens).map((tokenId, index) =>
        aUse({ tokenId, generation: 1 + (index % 3), count: 1 + index }),
      )
      const again = uses.map((use) => ({ ...use, ...required({ x: 3 }), lastUsedAt: Option.some(at(3)) }))
      yield* here.usage.record([...uses, ...again])
      const expected = again.map((use) => ({ ...use, count: 2 * use.count }))
      yield* areRecorded(there, idsOf(tokens), expected)
      yield* here.usage.record([])
      yield* areRecorded(there, idsOf(tokens), expected)
    },
  ),

  usageLaw("uses of a missing token are ignored, and the rest of the call is recorded", function* ({ here, there }) {
    const [token, other] = [aToken(), aToken()]
    const [never, purged] = [aToken(), aToken(expiring(1))]
    yield* insertAll(here.repository, [token, other, purged])
    yield* here.repository.purge(at(2))
    const uses = [never, token, purged, other].map(({ id }) => aUse({ tokenId: id }))
    yield* there.usage.record(uses)
    yield* there.usage.record(uses.slice(0, 1))
    const ids = idsOf([token, other, never, purged])
    const ofThese = uses.filter(({ tokenId }) => tokenId === token.id || tokenId === other.id)
    yield* areRecorded(here, ids, ofThese)
    const latecomer = aToken({ id: never.id })
    yield* here.repository.insert(latecomer)
    yield* areRecorded(here, ids, ofThese)
  }),

  usageLaw("recording usage doesn't change the token", function* ({ here, there }) {
    const tokens = [aToken({ revision: 3 }), aToken({ ...revoked(1), undelivered: 0 })]
    yield* insertAll(here.repository, tokens)
    yield* there.usage.record(idsOf(tokens).map((tokenId) => aUse({ tokenId, ...required({ x: 1 }) })))
    yield* areStored(here.repository, tokens)
    const next = tokens.map((token) => aToken({ ...token, revision: token.revision + 1 }))
    for (const [index, token] of next.entries()) yield* here.repository.replace(token, tokens[index]?.revision ?? 0)
    yield* areStored(there.repository, next)
  }),

  usageLaw("a missing or empty id is an error, and nothing is recorded or read", function* ({ here }) {
    const token = aToken()
    const calls = Effect.forEach(noText, (missing) =>
      Effect.gen(function* () {
        const id = missing as TokenId
        yield* isAnError("record", () => here.usage.record([aUse({ tokenId: id })]))
        yield* isAnError("record", () => here.usage.record([aUse({ tokenId: token.id }), aUse({ tokenId: id })]))
        yield* isAnError("usageOf", () => here.usage.usageOf([id]))
        yield* isAnError("usageOf", () => here.usage.usageOf([token.id, id]))
      }),
    )
    yield* calls
    yield* here.repository.insert(token)
    yield* calls
    yield* areRecorded(here, [token.id], [])
  }),
]
