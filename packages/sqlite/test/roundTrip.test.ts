import { assert, describe, it } from "@effect/vitest"
import { ApiToken } from "@tokenry/core"
import { Change, type KeyId, type Scope, type Secret } from "@tokenry/core/adapter"
import { aDigest, anId, at, aToken, contentsOf, named, owner, scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { aStore } from "./stores.ts"

const comesBack = (token: ApiToken) =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    yield* repository.insert(token)
    const found = Option.getOrThrow(yield* repository.findById(token.id))
    assert.instanceOf(found, ApiToken)
    assert.deepStrictEqual(contentsOf(found), contentsOf(token))
  })

const secret = (generation: number, state: Secret["state"], keyId?: string): Secret => ({
  digest: aDigest(),
  generation,
  keyId: Option.fromUndefinedOr(keyId as KeyId | undefined),
  hint: `tok_…gen${generation}`,
  state,
})

const secrets = [
  secret(5, { _tag: "Active" }, "key-2"),
  secret(4, { _tag: "Retiring", until: at(86_400_001) }, "key-1"),
  secret(3, { _tag: "Retiring", until: at(3_600_007) }),
  secret(2, { _tag: "Retired", at: at(-5) }, "key-1"),
  secret(1, { _tag: "Retired", at: at(-77) }),
] as const

const fullToken = () =>
  aToken({
    ownedBy: owner("user-1"),
    scopes: scopes("treasure:read", "treasure:edit"),
    createdAt: at(123),
    expiresAt: Option.some(at(987_654_321)),
    revocation: Option.some({ at: at(456_789), reason: "found in a public repository" }),
    ancestors: [anId(at(-2)), anId(at(-1))],
    issuedTo: Option.some("an integration"),
    secrets: [secrets[0], ...secrets.slice(1)],
    history: [
      Change.make("issued", at(123), { actor: { kind: "person", id: "user-1" }, origin: {} }),
      Change.make(
        "renamed",
        at(124),
        { actor: { kind: "token", id: anId() }, origin: { address: "2001:db8::1", userAgent: "curl/8.5 \ud800 é" } },
        "was CI",
      ),
      Change.make("narrowed", at(125), { actor: { kind: "sweep", id: "inactivity" }, origin: { address: "::1" } }, ""),
      Change.make("revoked", at(126), { actor: { kind: "system" }, origin: { userAgent: "" } }),
    ],
    undelivered: 2,
    revision: 9_007_199_254_740_991,
  })

describe("what goes in comes back", () => {
  it.effect("with everything set", () => comesBack(fullToken()))

  it.effect("with everything absent that may be", () => comesBack(aToken({ scopes: [], history: [], undelivered: 0 })))

  it.effect("with instants long before and after the epoch", () =>
    comesBack(aToken({ createdAt: at(-1_764_000_000_000 - 62_135_596_800_000), expiresAt: Option.some(at(250e12)) })),
  )

  const unusual = [
    "🏴‍☠️ Ärger",
    "$ne",
    "__proto__",
    "constructor",
    "a.b[0]",
    `it's "quoted" \\ --`,
    "%_*",
    "1",
    "01",
    "null",
    "ﬁ",
  ]
  for (const text of unusual) {
    it.effect(`with the text ${text} everywhere`, () =>
      comesBack(
        aToken({
          ownedBy: owner(text),
          name: named(text),
          scopes: [text as Scope],
          issuedTo: Option.some(text),
          revocation: Option.some({ at: at(1), reason: text }),
          secrets: [secret(1, { _tag: "Active" }, text)],
          history: [
            Change.make(
              "revoked",
              at(1),
              { actor: { kind: "person", id: text }, origin: { address: text, userAgent: text } },
              text,
            ),
          ],
        }),
      ),
    )
  }
})

it.effect("a lookup by digest finds each secret with the token, without its history", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const token = fullToken()
    yield* repository.insert(token)
    yield* repository.insert(aToken())
    for (const expected of token.secrets) {
      const found = Option.getOrThrow(yield* repository.findByDigest([expected.digest]))
      const { id, ownedBy, scopes, expiresAt, revocation, ancestors, boundTo } = token
      const expiry = Option.getOrThrow(expiresAt).epochMilliseconds
      assert.deepStrictEqual({ ...found.token }, { id, ownedBy, scopes, expiry, revocation, ancestors, boundTo })
      assert.deepStrictEqual(found.token.expiresAt, expiresAt)
      assert.strictEqual(found.secret.digest.hex, expected.digest.hex)
      assert.deepStrictEqual({ ...found.secret, hint: expected.hint, digest: 0 }, { ...expected, digest: 0 })
    }
  }),
)

it.effect("of several candidates, the one that exists is found, and none if none does", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const token = aToken()
    yield* repository.insert(token)
    const found = yield* repository.findByDigest([aDigest(), token.secrets[0].digest, aDigest()])
    assert.strictEqual(Option.getOrThrow(found).secret.digest.hex, token.secrets[0].digest.hex)
    assert.isTrue(Option.isNone(yield* repository.findByDigest([aDigest(), aDigest()])))
    assert.isTrue(Option.isNone(yield* repository.findByDigest([aDigest()])))
    assert.isTrue(Option.isNone(yield* repository.findByDigest([])))
  }),
)

it.effect("of many ids, the tokens that exist are found, each once", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    const [first, second] = [fullToken(), aToken()]
    yield* repository.insert(first)
    yield* repository.insert(second)
    const found = yield* repository.findManyById([first.id, anId(), second.id, first.id])
    assert.deepStrictEqual(found.map(({ id }) => id).sort(), [first.id, second.id].sort())
    assert.deepStrictEqual(found.find(({ id }) => id === first.id)?.ancestors, first.ancestors)
    assert.deepStrictEqual(yield* repository.findManyById([]), [])
  }),
)

it.effect("each key id of a stored secret is returned once, and none for plain SHA-256", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore
    assert.deepStrictEqual(yield* repository.keyIdsInUse, [])
    yield* repository.insert(fullToken())
    yield* repository.insert(aToken())
    const inUse = (yield* repository.keyIdsInUse).map(Option.getOrNull)
    assert.strictEqual(inUse.length, 3)
    assert.sameMembers(inUse, [null, "key-1", "key-2"])
  }),
)
