/** Laws for `replace`: a compare-and-set. */
import { assert } from "@effect/vitest"
import { replacingMany } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { law } from "../Law.ts"
import { areAbsent, areStored, contenders, failureOf, idsOf, insertAll, outcomeOf, race, storedIn } from "../steps.ts"
import {
  aDigest,
  aKeyId,
  anId,
  aSecret,
  at,
  aToken,
  changed,
  expiring,
  boundTo,
  issuedTo,
  manyTokens,
  named,
  retired,
  retiring,
  revoked,
  scopes,
} from "../tokens.ts"
import { oneOf } from "./inserting.ts"

export const replacingLaws = [
  law(
    "a replace under the stored revision writes the whole token, and nothing of the old one stays",
    function* ({ here, there }) {
      const token = aToken({
        ...expiring(9),
        ...issuedTo("an app"),
        ...boundTo("first-key"),
        ancestors: [anId(), anId()],
      })
      yield* here.insert(token)
      const next = aToken({
        id: token.id,
        ...revoked(3),
        name: named("next"),
        scopes: scopes("a:b", "c:d"),
        revision: 7,
      })
      yield* here.replace(next, token.revision)
      yield* areStored(there, [next])
      const last = aToken({ id: token.id, createdAt: at(5), ancestors: [anId()], revision: 8 })
      yield* there.replace(last, next.revision)
      yield* areStored(here, [last])
    },
  ),

  law("replacing another revision is a conflict, and writes nothing", function* ({ here, there }) {
    const token = aToken({ revision: 3 })
    yield* here.insert(token)
    for (const revision of [2, 4, 1]) {
      for (const repository of [here, there]) {
        const error = yield* failureOf(
          repository.replace(changed(token, { name: named("x"), secrets: [aSecret()], revision: 9 }), revision),
        )
        assert.strictEqual(error._tag, "RevisionConflict")
      }
    }
    yield* areStored(there, [token])
  }),

  law("replacing a deleted token is a conflict, and writes nothing", function* ({ here, there }) {
    const [never, purged] = [aToken(), aToken(expiring(1))]
    yield* here.insert(purged)
    yield* there.purge(at(2))
    for (const token of [never, purged]) {
      const replaced = changed(token, { expiresAt: Option.none() })
      const error = yield* failureOf(here.replace(replaced, token.revision))
      assert.strictEqual(error._tag === "RevisionConflict" && error.id, token.id)
      yield* areAbsent(there, [replaced])
    }
  }),

  law("of many concurrent replaces under one revision, exactly one succeeds", function* ({ here, there }) {
    for (let round = 0; round < 4; round++) {
      const token = aToken()
      yield* here.insert(token)
      const contending = Array.from({ length: contenders }, (_, index) =>
        changed(token, { name: named(`name ${index}`), secrets: round % 2 ? [aSecret()] : token.secrets }),
      )
      const outcomes = yield* race(contending, (next, index) =>
        outcomeOf((index % 2 ? there : here).replace(next, token.revision)),
      )
      assert.deepStrictEqual(outcomes.toSorted(), oneOf("RevisionConflict"))
      yield* areStored(
        here,
        contending.filter((_, index) => outcomes[index] === "done"),
      )
    }
  }),

  law("concurrent changes that read again after a conflict are all kept", function* ({ here, there }) {
    const token = aToken()
    yield* here.insert(token)
    const names = Array.from({ length: 12 }, (_, index) => named(`name ${index}`))
    yield* race(names, (name, index) => {
      const repository = index % 2 ? there : here
      return storedIn(repository, token.id).pipe(
        Effect.flatMap((read) =>
          repository.replace(
            read.rename(name, at(1), { actor: { kind: "person", id: name }, origin: {} }),
            read.revision,
          ),
        ),
        Effect.retry({ while: ({ _tag }) => _tag === "RevisionConflict" }),
      )
    })
    const { history, revision, name } = yield* storedIn(here, token.id)
    assert.strictEqual(revision, 1 + names.length)
    const details = history.flatMap(({ detail }) => Option.toArray(detail))
    assert.sameMembers([...details, `was ${name}`], ["was CI", ...names.map((name) => `was ${name}`)])
  }),

  law("replacing a digest with another token's is a duplicate, and writes nothing", function* ({ here, there }) {
    const token = aToken()
    const other = aToken({ secrets: [aSecret({ generation: 2 }), aSecret({ state: retired(at(1)) })] })
    yield* insertAll(here, [token, other])
    for (const { digest } of other.secrets) {
      const stealing = changed(token, { name: named("x"), secrets: [aSecret({ generation: 2 }), aSecret({ digest })] })
      for (const repository of [here, there]) {
        const error = yield* failureOf(repository.replace(stealing, token.revision))
        assert.strictEqual(error._tag === "DuplicateToken" && error.id, token.id)
        assert.isFalse(`${error.message} ${JSON.stringify(error)}`.includes(digest.hex), "the error shows no digest")
      }
      assert.isTrue(
        Option.isNone(yield* here.findByDigest([stealing.secrets[0].digest])),
        "nor is its new digest found",
      )
    }
    yield* areStored(there, [token, other])
  }),

  law("if many tokens take one digest at once, exactly one gets it", function* ({ here, there }) {
    const tokens = manyTokens(contenders, () => ({}))
    yield* insertAll(here, tokens)
    const digest = aDigest()
    const taking = tokens.map((token) => changed(token, { secrets: [aSecret({ digest })] }))
    const outcomes = yield* race(taking, (token, index) => outcomeOf((index % 2 ? there : here).replace(token, 1)))
    assert.deepStrictEqual(outcomes.toSorted(), oneOf("DuplicateToken"))
    yield* areStored(
      here,
      taking.map((token, index) => (outcomes[index] === "done" ? token : (tokens[index] ?? token))),
    )
  }),

  law("a digest that a replace removed isn't found any more, and can be used again", function* ({ here, there }) {
    const token = aToken()
    const { digest } = token.secrets[0]
    yield* here.insert(token)
    yield* there.findByDigest([digest])
    const next = changed(token, { secrets: [aSecret({ generation: 2 })] })
    yield* here.replace(next, token.revision)
    for (const repository of [here, there]) {
      assert.isTrue(Option.isNone(yield* repository.findByDigest([digest])), "the old digest is not found")
    }
    const heir = aToken({ secrets: [aSecret({ digest })] })
    yield* there.insert(heir)
    yield* areStored(here, [next, heir])
  }),

  law("a digest that a replace kept is found in its new state", function* ({ here, there }) {
    const token = aToken({ secrets: [aSecret({ keyId: Option.some(aKeyId()) })] })
    yield* here.insert(token)
    const [secret] = token.secrets
    const states = [retiring(at(9)), retired(at(10))]
    let stored = token
    for (const state of states) {
      yield* there.findByDigest([secret.digest])
      const next = changed(stored, { secrets: [aSecret({ generation: stored.revision + 1 }), { ...secret, state }] })
      yield* here.replace(next, stored.revision)
      const found = Option.getOrUndefined(yield* there.findByDigest([secret.digest]))
      assert.strictEqual(found?.secret.state._tag, state._tag)
      yield* areStored(there, [next])
      stored = next
    }
  }),

  law(
    "of many replaced at once, each is a compare-and-set of its own, and a conflict or a duplicate affects no other",
    function* ({ here, there }) {
      const tokens = manyTokens(160, () => ({ revision: 3 }))
      const [holder, gone] = [aToken(), aToken()]
      yield* insertAll(here, [...tokens, holder])
      const [conflicting, duplicate] = [tokens.filter((_, index) => index % 40 === 7), tokens.slice(90, 91)]
      const next = tokens.map((token) =>
        changed(token, {
          name: named("next"),
          secrets: duplicate.includes(token) ? holder.secrets : [aSecret({ keyId: Option.some(aKeyId()) })],
        }),
      )
      const missed = yield* replacingMany(here)(
        [...next, changed(gone, {})].map((token) => ({
          token,
          expectedRevision: conflicting.some(({ id }) => id === token.id) ? 2 : token.revision - 1,
        })),
      )
      const unchanged = [...conflicting, ...duplicate]
      assert.sameMembers([...missed], idsOf([...unchanged, gone]))
      yield* areStored(there, [...unchanged, holder])
      yield* areStored(
        there,
        next.filter(({ id }) => unchanged.every((token) => token.id !== id)),
      )
      yield* areAbsent(there, [gone])
      assert.deepStrictEqual(yield* replacingMany(here)([]), [])
    },
  ),
]
