/** Laws for everything that is written: it comes back unchanged. */
import { assert } from "@effect/vitest"
import type { ApiToken, Attribution } from "@tokenry/core"
import { Change, type OwnerId } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { contentsOf } from "../contents.ts"
import { law, type Repository, type StoreUnderTest } from "../Law.ts"
import { amongThese, areStored, everythingOf, forAll, idsOf, insertAll, storedIn } from "../steps.ts"
import {
  anId,
  anOwner,
  at,
  aThumbprint,
  aToken,
  boundTo,
  changed,
  endOfTime,
  issuedTo,
  manyTokens,
  named,
  scopes,
} from "../tokens.ts"
import { oddToken, oddTokens, secretsOf } from "./generated.ts"

const longestName = "🦜".repeat(100)

const unusualTexts = [
  longestName,
  "e\u0301 is not é, nor is ﬁ fi",
  "\u202eright to left\u202c, \u200fthen left\u200f",
  `it's a "quote", a \\ and a \`tick\``,
  "$where: { $gt: '' }; DROP TABLE api_token; --",
  "a.b.c",
  "__proto__",
  "👩\u200d👩\u200d👧 🏴\u200d☠️",
  "  blanks  at both ends  ",
  "null",
  "1e3",
  "0",
]

const owners = ["507f1f77bcf86cd799439011", "1", "01", "1.0", "A", "a", "é", "e\u0301", "__proto__", "constructor"]
const moreOwners = ["toString", "$where", "a.b", "a.b.c", "null", "undefined", "true", "x".repeat(255)]

export const roundTrippingLaws = [
  law(
    "whatever a token holds comes back as it went in, from insert and from replace",
    function* ({ here, there, runs }) {
      yield* forAll(oddTokens, { runs, size: 12 }, (described) =>
        Effect.gen(function* () {
          const token = oddToken(described)
          yield* here.insert(token)
          yield* areStored(there, [token])
          const replaced = changed(oddToken(described), { id: token.id, revision: token.revision + 1 })
          yield* there.replace(replaced, token.revision)
          yield* areStored(here, [replaced])
          const plain = changed(replaced, { ...aToken({ id: token.id }), revision: replaced.revision + 1 })
          yield* here.replace(plain, replaced.revision)
          yield* areStored(there, [plain])
        }),
      )
    },
  ),

  law("owners are compared exactly", function* ({ here, there }) {
    const tokens = [...owners, ...moreOwners].map((id) => aToken({ ownedBy: id as OwnerId }))
    yield* here.purge(endOfTime)
    const own = new Set(idsOf(tokens))
    yield* insertAll(here, tokens)
    for (const token of tokens) {
      const listed = yield* there.listOwnedBy(everythingOf(token))
      assert.deepStrictEqual(idsOf(listed.filter(({ id }) => own.has(id))), [token.id])
      assert.strictEqual((yield* storedIn(there, token.id)).ownedBy, token.ownedBy)
    }
    yield* revokeAll(here, tokens)
  }),

  law("unusual text is stored unchanged", function* ({ here, there }) {
    assert.strictEqual(Array.from(longestName).length, 100)
    for (const text of unusualTexts) {
      const by: Attribution = { actor: { kind: "person", id: text }, origin: { address: text, userAgent: text } }
      const token = aToken({
        name: named(text),
        ...issuedTo(text),
        revocation: Option.some({ at: at(1), reason: text }),
        history: [Change.make("renamed", at(1), by, text), Change.make("revoked", at(2), by, text)],
      })
      yield* here.insert(token)
      yield* isTheSameThroughAll({ here, there }, token)
      const another = aToken()
      yield* here.insert(another)
      yield* here.revokeOwnedBy(another.ownedBy, { at: at(5), reason: text }, by)
      const stored = yield* storedIn(there, another.id)
      assert.strictEqual(Option.getOrThrow(stored.revocation).reason, text)
      assert.deepStrictEqual(stored.history.at(-1)?.origin, by.origin)
    }
  }),

  law(
    "a token of the largest size is stored unchanged: eight ancestors, eight secrets, fifty history entries",
    function* ({ here, there }) {
      const actors = [
        { kind: "system" },
        { kind: "person", id: "1" },
        { kind: "token", id: anId() },
        { kind: "sweep", id: "s" },
      ] as const
      const token = aToken({
        scopes: scopes("z:z", "a:a", "m:m", "a:b", "$where", "a.b", "__proto__", "'", "a,b"),
        ancestors: Array.from({ length: 8 }, (_, index) => anId(at(-index))),
        secrets: secretsOf({ retiring: 2, retired: 5, keyIds: ["key-1", "2026-01"] }),
        history: Array.from({ length: Change.remembered }, (_, index) =>
          Change.make("renamed", at(index), { actor: actors[index % 4] ?? actors[0], origin: {} }, `was ${index}`),
        ),
        ...issuedTo("an app"),
        ...boundTo(aThumbprint()),
        expiresAt: Option.some(at(999)),
        revocation: Option.some({ at: at(998), reason: "on request" }),
        undelivered: 60,
        revision: 61,
      })
      yield* here.insert(token)
      yield* isTheSameThroughAll({ here, there }, token)
    },
  ),

  law("absent fields stay absent", function* ({ here, there }) {
    const system: Attribution = { actor: { kind: "system" }, origin: {} }
    const token = aToken({ scopes: [], history: [Change.make("issued", at(0), system)] })
    const withoutHistory = aToken({ history: [] })
    yield* insertAll(here, [token, withoutHistory])
    for (const each of [token, withoutHistory]) yield* isTheSameThroughAll({ here, there }, each)
    const { history, expiresAt, revocation, issuedTo, boundTo } = yield* storedIn(there, token.id)
    for (const absent of [expiresAt, revocation, issuedTo, boundTo, history[0]?.detail])
      assert.strictEqual(absent?._tag, "None")
    assert.deepStrictEqual(Object.keys(history[0]?.origin ?? { none: true }), [])
  }),

  law("instants keep their milliseconds, even far in the past or future", function* ({ here, there }) {
    const instants = [
      "1969-12-31T23:59:59.999Z",
      "1970-01-01T00:00:00.000Z",
      "2024-02-29T12:34:56.001Z",
      "9999-12-31T23:59:59.999Z",
    ]
    const ownedBy = anOwner()
    const tokens = instants.map((text) => {
      const when = DateTime.makeUnsafe(text)
      return aToken({
        ownedBy,
        createdAt: when,
        expiresAt: Option.some(when),
        revocation: Option.some({ at: when, reason: "x" }),
        history: [Change.make("issued", when, { actor: { kind: "system" }, origin: {} })],
      })
    })
    const last = aToken({ expiresAt: Option.some(endOfTime) })
    yield* insertAll(here, [...tokens, last])
    for (const token of [...tokens, last]) yield* isTheSameThroughAll({ here, there }, token)
    const listed = yield* there.listOwnedBy(everythingOf({ ownedBy }))
    assert.deepStrictEqual(idsOf(listed), idsOf(tokens.toReversed()))
  }),

  law("tokens never mix up their fields", function* ({ here, there }) {
    const tokens = manyTokens(50, (index) => ({
      name: named(`name ${index}`),
      scopes: scopes(`scope:${index}`),
      ancestors: Array.from({ length: index % 9 }, () => anId()),
      secrets: secretsOf({ retiring: index % 3, retired: index % 6, keyIds: [] }),
    }))
    yield* insertAll(here, tokens)
    yield* areStored(there, tokens)
  }),
]

/** Checks that the token comes back unchanged by id, in its owner's list and in a stream, through both connections. */
const isTheSameThroughAll = ({ here, there }: Omit<StoreUnderTest, "runs">, token: ApiToken) =>
  Effect.forEach([here, there], (repository) =>
    Effect.gen(function* () {
      yield* areStored(repository, [token])
      const listed = yield* repository.listOwnedBy(everythingOf(token))
      assert.deepStrictEqual(listed.filter(({ id }) => id === token.id).map(contentsOf), [contentsOf(token)])
      const isLive = Option.isNone(token.revocation)
      const streamed = yield* amongThese(repository.liveCreatedBefore(endOfTime, token.createdAt), [token])
      assert.deepStrictEqual(streamed.map(contentsOf), isLive ? [contentsOf(token)] : [])
    }),
  )

/** Leaves these owners without live tokens, for the next run on the same store. */
const revokeAll = (repository: Repository, tokens: ReadonlyArray<ApiToken>) =>
  Effect.forEach(tokens, (token) =>
    repository.replace(
      token.revoke({ at: at(0), reason: "done" }, { actor: { kind: "system" }, origin: {} }),
      token.revision,
    ),
  )
