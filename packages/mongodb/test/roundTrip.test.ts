import { assert, describe, it } from "@effect/vitest"
import { ApiToken } from "@tokenry/core"
import { Change, type KeyId, type Secret } from "@tokenry/core/adapter"
import { documentOf, tokenOf } from "@tokenry/mongodb"
import { aDigest, anId, at, aToken, contentsOf, named, owner, scopes } from "@tokenry/repository-contract/tokens"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Binary } from "mongodb"
import { aStore, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

const secret = (generation: number, state: Secret["state"], keyId?: string): Secret => ({
  digest: aDigest(),
  generation,
  keyId: Option.fromUndefinedOr(keyId as KeyId | undefined),
  hint: `tok_…gen${generation}`,
  state,
})

const fullToken = () =>
  aToken({
    ownedBy: owner("user-1"),
    scopes: scopes("treasure:read", "treasure:edit"),
    createdAt: at(123),
    expiresAt: Option.some(at(987_654_321)),
    revocation: Option.some({ at: at(456_789), reason: "found in a public repository" }),
    ancestors: [anId(at(-2)), anId(at(-1))],
    issuedTo: Option.some("an integration"),
    secrets: [
      secret(4, { _tag: "Active" }, "key-2"),
      secret(3, { _tag: "Retiring", until: at(86_400_001) }, "key-1"),
      secret(2, { _tag: "Retiring", until: at(3_600_007) }),
      secret(1, { _tag: "Retired", at: at(-77) }, "key-1"),
    ],
    history: [
      Change.make("issued", at(123), { actor: { kind: "person", id: "user-1" }, origin: {} }),
      Change.make(
        "renamed",
        at(124),
        { actor: { kind: "token", id: anId() }, origin: { address: "2001:db8::1", userAgent: "curl/8.5 é" } },
        "was CI",
      ),
      Change.make("narrowed", at(125), { actor: { kind: "sweep", id: "inactivity" }, origin: { address: "::1" } }, ""),
      Change.make("revoked", at(126), { actor: { kind: "system" }, origin: { userAgent: "" } }),
    ],
    undelivered: 3,
    revision: 9_007_199_254_740_991,
  })

const tokens: Readonly<Record<string, () => ApiToken>> = {
  "with everything set": fullToken,
  "with nothing optional": () => aToken({ ownedBy, scopes: [], history: [] }),
  "with instants long before and after the epoch": () =>
    aToken({ ownedBy, createdAt: at(-60_000_000_000_000), expiresAt: Option.some(at(250e12)) }),
  "with names that are special elsewhere": () =>
    aToken({ ownedBy, name: named("$ne"), issuedTo: Option.some("__proto__"), scopes: scopes("a.b[0]", "$where") }),
}

describe.each(Object.entries(tokens))("a token %s", (_, aTokenLikeThis) => {
  it("survives conversion to a document and back", () => {
    const token = aTokenLikeThis()
    assert.instanceOf(tokenOf(documentOf(token)), ApiToken)
    assert.deepStrictEqual(contentsOf(tokenOf(documentOf(token))), contentsOf(token))
  })

  it.effect.skipIf(withoutMongodb)("comes back from the server unchanged", () =>
    Effect.gen(function* () {
      const { repository } = yield* aStore()
      const token = aTokenLikeThis()
      yield* repository.insert(token)
      assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(token))
      for (const { digest } of token.secrets) {
        const found = Option.getOrThrow(yield* repository.findByDigest([digest]))
        assert.strictEqual(found.secret.digest.hex, digest.hex)
        const { id, ownedBy, scopes, expiresAt, revocation, ancestors, boundTo } = token
        assert.deepStrictEqual(found.token, { id, ownedBy, scopes, expiresAt, revocation, ancestors, boundTo })
      }
    }),
  )
})

it.effect.skipIf(withoutMongodb)("owner ids stay strings, whatever they look like", () =>
  Effect.gen(function* () {
    const { repository, tokens } = yield* aStore()
    const ids = ["1", "01", "1.0", "507f1f77bcf86cd799439011", "true", "null", "2026-01-01T00:00:00Z"].map(owner)
    for (const ownedBy of ids) yield* repository.insert(aToken({ ownedBy }))
    for (const ownedBy of ids) {
      assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(0)), 1)
      assert.strictEqual(yield* Effect.promise(() => tokens.countDocuments({ ownedBy })), 1)
    }
  }),
)

it.effect.skipIf(withoutMongodb)("an expiry at the end of time differs from no expiry", () =>
  Effect.gen(function* () {
    const { repository } = yield* aStore()
    const never = aToken({ ownedBy })
    const late = ["9999-12-31T23:59:59.999Z", "+275760-09-13T00:00:00.000Z"].map((text) =>
      aToken({ ownedBy, expiresAt: Option.some(DateTime.makeUnsafe(text)) }),
    )
    for (const token of [never, ...late]) {
      yield* repository.insert(token)
      assert.deepStrictEqual(contentsOf(Option.getOrThrow(yield* repository.findById(token.id))), contentsOf(token))
    }
    const tenThousand = DateTime.makeUnsafe("+010000-01-01T00:00:00.000Z")
    assert.isAtLeast(yield* repository.countLiveOwnedBy(ownedBy, tenThousand), 2)
    assert.strictEqual(yield* repository.purge(tenThousand), 0)
  }),
)

it.effect.skipIf(withoutMongodb)(
  "absent values are stored as null, no expiry as a far-future date, and digests as 32 bytes",
  () =>
    Effect.gen(function* () {
      const { repository, tokens } = yield* aStore()
      const token = aToken({ ownedBy })
      yield* repository.insert(token)
      const stored = yield* Effect.promise(() => tokens.findOne({ _id: token.id }))
      assert.deepInclude(stored, { revocation: null, issuedTo: null, schemaVersion: 1, readableFrom: 1 })
      assert.deepInclude(stored, { expiresAt: new Date("9999-12-31T23:59:59.999Z"), neverExpires: true })
      const { secrets } = stored as unknown as { readonly secrets: ReadonlyArray<{ digest: Binary; state: string }> }
      const [secret] = secrets
      assert.strictEqual(secret?.state, "active")
      assert.strictEqual(Buffer.from(secret?.digest.buffer ?? []).toString("hex"), token.secrets[0].digest.hex)
      assert.deepInclude(stored, { createdAt: new Date(token.createdAt.epochMilliseconds) })
    }),
)
