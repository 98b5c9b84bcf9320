/** Laws for lookups by id and by digest. */
import { assert } from "@effect/vitest"
import { Digest, type FoundToken } from "@tokenry/core/adapter"
import * as Option from "effect/Option"
import { verifiableSecretContentsOf, verifiableContentsOf } from "../contents.ts"
import { law } from "../Law.ts"
import { idsOf, insertAll } from "../steps.ts"
import {
  aDigest,
  aKeyId,
  anId,
  aSecret,
  at,
  aToken,
  expiring,
  first,
  manyTokens,
  retired,
  retiring,
  revoked,
} from "../tokens.ts"

export const findingLaws = [
  law("a token that doesn't exist isn't found", function* ({ here, there }) {
    yield* here.insert(aToken())
    for (const repository of [here, there]) {
      assert.isTrue(Option.isNone(yield* repository.findById(anId())), "by its id")
      assert.isTrue(Option.isNone(yield* repository.findByDigest([aDigest()])), "by a digest")
      assert.isTrue(Option.isNone(yield* repository.findByDigest([aDigest(), aDigest()])), "by one of two digests")
    }
  }),

  law(
    "a lookup of several ids returns the tokens that exist, with the fields that verifying needs",
    function* ({ here, there }) {
      const tokens = [
        aToken({ ancestors: [anId(), anId()] }),
        aToken(expiring(5)),
        aToken(revoked(5)),
        ...manyTokens(120, () => ({})),
      ]
      yield* insertAll(here, tokens)
      const found = yield* there.findManyById([anId(), ...idsOf(tokens), anId()])
      assert.sameDeepMembers(found.map(verifiableContentsOf), tokens.map(verifiableContentsOf))
      assert.strictEqual(found.length, tokens.length)
    },
  ),

  law("a lookup of no ids returns no tokens", function* ({ here }) {
    yield* here.insert(aToken())
    assert.deepStrictEqual(yield* here.findManyById([]), [])
    assert.deepStrictEqual(yield* here.findManyById([anId()]), [])
  }),

  law("a lookup of no digests finds no token", function* ({ here }) {
    yield* here.insert(aToken())
    assert.isTrue(Option.isNone(yield* here.findByDigest([])))
  }),

  law("a digest finds its token and secret, whatever their state", function* ({ here, there }) {
    const secrets = [
      aSecret({ generation: 4, keyId: Option.some(aKeyId()) }),
      aSecret({ generation: 3, keyId: Option.some(aKeyId()), state: retiring(at(7)) }),
      aSecret({ generation: 2, state: retiring(at(-7)) }),
      aSecret({ generation: 1, state: retired(at(-8)) }),
    ] as const
    const tokens = [
      aToken({ secrets, ancestors: [anId()] }),
      aToken(revoked(-1)),
      aToken(expiring(-1)),
      aToken({ ...revoked(-1), ...expiring(-2) }),
    ]
    yield* insertAll(here, tokens)
    for (const token of tokens) {
      for (const secret of token.secrets) {
        for (const candidates of [[secret.digest], [aDigest(), secret.digest], [secret.digest, aDigest(), aDigest()]]) {
          assert.deepStrictEqual(
            foundContentsOf(yield* there.findByDigest(candidates)),
            foundContentsOf(Option.some({ token, secret })),
          )
        }
      }
    }
  }),

  law("nearly identical digests are distinct", function* ({ here }) {
    const hex = first(aToken().secrets).digest.hex
    const near = [
      `${hex.slice(0, 63)}${hex.endsWith("0") ? "1" : "0"}`,
      `${hex.startsWith("0") ? "1" : "0"}${hex.slice(1)}`,
    ]
    const token = aToken({ secrets: [aSecret({ digest: Digest.fromHex(hex) })] })
    yield* here.insert(token)
    assert.isTrue(Option.isNone(yield* here.findByDigest(near.map((digits) => Digest.fromHex(digits)))))
    const others = near.map((digits) => aToken({ secrets: [aSecret({ digest: Digest.fromHex(digits) })] }))
    yield* insertAll(here, others)
    for (const other of [token, ...others]) {
      const found = yield* here.findByDigest([other.secrets[0].digest])
      assert.strictEqual(Option.getOrUndefined(found)?.token.id, other.id)
    }
  }),
]

const foundContentsOf = (found: Option.Option<FoundToken>) =>
  Option.getOrNull(
    Option.map(found, ({ token, secret }) => ({
      token: verifiableContentsOf(token),
      secret: verifiableSecretContentsOf(secret),
    })),
  )
