/** Laws for `keyIdsInUse` and `withKey`. The store may contain other keys and tokens. */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import type { KeyId, Secrets } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { contentsOf } from "../contents.ts"
import { law, type Repository } from "../Law.ts"
import { amongThese, idsOf, insertAll } from "../steps.ts"
import {
  aDigest,
  aKeyId,
  aSecret,
  at,
  aToken,
  changed,
  expiring,
  manyTokens,
  retired,
  retiring,
  revoked,
} from "../tokens.ts"

export const namingKeysLaws = [
  law(
    "each key that a stored secret names comes once, whatever state the secret is in, and none stands for plain",
    function* ({ here, there }) {
      const [active, leaving, left] = [aKeyId(), aKeyId(), aKeyId()]
      const secrets = (): [ReturnType<typeof aSecret>, ...ReadonlyArray<ReturnType<typeof aSecret>>] => [
        aSecret({ generation: 3, keyId: Option.some(active) }),
        aSecret({ generation: 2, keyId: Option.some(leaving), state: retiring(at(9)) }),
        aSecret({ generation: 1, keyId: Option.some(left), state: retired(at(1)) }),
      ]
      yield* insertAll(here, [aToken({ secrets: secrets() }), aToken({ secrets: secrets() }), aToken(), aToken()])
      for (const keyId of [active, leaving, left]) assert.strictEqual(yield* timesNamed(there, keyId), 1)
      assert.strictEqual(yield* timesNamed(there, undefined), 1)
    },
  ),

  law("a key id that no stored secret uses any more isn't returned", function* ({ here, there }) {
    const [old, next, purged] = [aKeyId(), aKeyId(), aKeyId()]
    const token = aToken({ secrets: [aSecret({ keyId: Option.some(old) })] })
    const dead = aToken({ secrets: [aSecret({ keyId: Option.some(purged) })], ...expiring(1) })
    yield* insertAll(here, [token, dead])
    assert.strictEqual(yield* timesNamed(there, old), 1)
    assert.strictEqual(yield* timesNamed(there, purged), 1)
    yield* here.replace(changed(token, { secrets: [aSecret({ keyId: Option.some(next) })] }), token.revision)
    yield* here.purge(at(2))
    for (const keyId of [old, purged]) assert.strictEqual(yield* timesNamed(there, keyId), 0)
    assert.strictEqual(yield* timesNamed(there, next), 1)
  }),

  law(
    "the stream of a key, or of none, gives each token with a secret under it once, in whatever state",
    function* ({ here, there }) {
      const [key, another] = [aKeyId(), aKeyId()].map(Option.some) as [Option.Option<KeyId>, Option.Option<KeyId>]
      const under = (keyId: Option.Option<KeyId>, index: number): Secrets =>
        index % 2
          ? [aSecret({ keyId })]
          : [
              aSecret({ generation: 3, keyId: index % 4 ? keyId : another }),
              aSecret({ generation: 2, keyId, state: retiring(at(9)) }),
              aSecret({ generation: 1, keyId, state: retired(at(1)) }),
            ]
      const ofKey = manyTokens(260, (index) => ({ secrets: under(key, index), ...inState(index) }))
      const ofNone = manyTokens(260, (index) => ({ secrets: under(Option.none(), index), ...inState(index) }))
      const others = manyTokens(20, () => ({ secrets: [aSecret({ keyId: another })] }))
      const all = [...ofKey, ...ofNone, ...others]
      yield* insertAll(here, all)
      for (const [keyId, expected] of [
        [key, ofKey],
        [Option.none(), ofNone],
        [Option.some(aKeyId()), []],
      ] as const) {
        const streamed = yield* amongThese(there.withKey(keyId), all)
        assert.strictEqual(streamed.length, expected.length)
        assert.sameDeepMembers(streamed.map(contentsOf), expected.map(contentsOf))
      }
    },
  ),

  law(
    "tokens may be replaced while the stream of their key gives them, and each comes exactly once",
    function* ({ here, there }) {
      for (const old of [Option.some(aKeyId()), Option.none()]) {
        const next = Option.some(aKeyId())
        const tokens = manyTokens(260, (index) => ({
          createdAt: at(index % 5),
          secrets: [aSecret({ generation: 2, keyId: old }), aSecret({ keyId: old, state: retired(at(1)) })],
        }))
        yield* insertAll(here, tokens)
        const ids = new Set(idsOf(tokens))
        const read: Array<ApiToken> = []
        yield* Stream.runForEach(
          Stream.filter(here.withKey(old), ({ id }) => ids.has(id)),
          (token) => {
            const isHalf = read.push(token) % 3 === 0
            const rekeyed = token.rekey(({ generation }) =>
              isHalf && generation === 1 ? undefined : { digest: aDigest(), keyId: next },
            )
            return there.replace(rekeyed, token.revision)
          },
        )
        assert.strictEqual(read.length, tokens.length)
        assert.sameMembers(idsOf(read), idsOf(tokens))
        const half = read.filter((_, index) => index % 3 === 2)
        assert.sameMembers(idsOf(yield* amongThese(there.withKey(old), tokens)), idsOf(half))
        assert.sameMembers(idsOf(yield* amongThese(there.withKey(next), tokens)), idsOf(tokens))
      }
    },
  ),
]

/** Two of five are dead. */
const inState = (index: number) => (index % 5 === 0 ? revoked(1) : index % 5 === 1 ? expiring(-1) : {})

const timesNamed = (repository: Repository, keyId: KeyId | undefined) =>
  Effect.map(
    repository.keyIdsInUse,
    (keyIds) => keyIds.filter((named) => Option.getOrUndefined(named) === keyId).length,
  )
