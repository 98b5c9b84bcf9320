/** What holds for `keyIdsInUse`. The store may name others than a law's own. */
import { assert } from "@effect/vitest"
import type { KeyId } from "@tokenry/core"
import { Effect, Option } from "effect"
import { law, type Repository } from "../Law.ts"
import { insertAll } from "../steps.ts"
import { aKeyId, aSecret, at, aToken, changed, expiring, retired, retiring } from "../tokens.ts"

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

  law("a key that no stored secret names any more does not come", function* ({ here, there }) {
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
]

const timesNamed = (repository: Repository, keyId: KeyId | undefined) =>
  Effect.map(
    repository.keyIdsInUse,
    (keyIds) => keyIds.filter((named) => Option.getOrUndefined(named) === keyId).length,
  )
