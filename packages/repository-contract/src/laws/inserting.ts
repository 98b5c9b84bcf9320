/** Laws for `insert`. */
import { assert } from "@effect/vitest"
import { ApiToken } from "@tokenry/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { law } from "../Law.ts"
import { areAbsent, areStored, contenders, failureOf, forAll, outcomeOf, race } from "../steps.ts"
import {
  aDigest,
  anId,
  anOwner,
  aSecret,
  at,
  aToken,
  first,
  issuedTo,
  manyTokens,
  named,
  retired,
  retiring,
} from "../tokens.ts"

export const insertingLaws = [
  law("an inserted token is stored with its secrets and history", function* ({ here, there }) {
    const secrets = [
      aSecret({ generation: 3 }),
      aSecret({ generation: 2, state: retiring(at(9)) }),
      aSecret({ state: retired(at(1)) }),
    ] as const
    const tokens = [aToken(), aToken({ secrets })]
    for (const token of tokens) yield* here.insert(token)
    yield* areStored(here, tokens)
    yield* areStored(there, tokens)
  }),

  law(
    "an id that exists already is a duplicate, and nothing of the second token is written",
    function* ({ here, there }) {
      const token = aToken()
      yield* here.insert(token)
      const duplicate = aToken({ id: token.id, name: named("another"), ...issuedTo("an app") })
      for (const repository of [here, there]) {
        assert.strictEqual((yield* failureOf(repository.insert(duplicate)))._tag, "DuplicateToken")
      }
      yield* areStored(here, [token])
      assert.isTrue(Option.isNone(yield* here.findByDigest([duplicate.secrets[0].digest])), "its digest is not found")
      yield* here.insert(new ApiToken({ ...duplicate, id: anId() }))
    },
  ),

  law(
    "a digest that exists already is a duplicate, and nothing of the second token is written",
    function* ({ here, there }) {
      const secrets = [aSecret({ generation: 2 }), aSecret({ state: retired(at(1)) })] as const
      const token = aToken({ secrets })
      yield* here.insert(token)
      const duplicates = secrets.flatMap(({ digest }) => [
        aToken({ secrets: [aSecret({ digest })] }),
        aToken({ secrets: [aSecret({ generation: 2 }), aSecret({ digest, state: retired(at(2)) })] }),
      ])
      for (const duplicate of duplicates) {
        for (const repository of [here, there]) {
          assert.strictEqual((yield* failureOf(repository.insert(duplicate)))._tag, "DuplicateToken")
        }
      }
      yield* areStored(here, [token])
      yield* areAbsent(here, duplicates)
    },
  ),

  law("of many concurrent inserts with one id, exactly one succeeds", function* ({ here, there }) {
    const id = anId()
    const tokens = manyTokens(contenders, () => ({ id }))
    const outcomes = yield* race(tokens, (token, index) => outcomeOf((index % 2 ? there : here).insert(token)))
    const accepted = tokens.filter((_, index) => outcomes[index] === "done")
    assert.deepStrictEqual(outcomes.toSorted(), oneOf("DuplicateToken"))
    yield* areStored(here, accepted)
    for (const { secrets } of tokens) {
      const found = yield* here.findByDigest([secrets[0].digest])
      assert.strictEqual(
        Option.isSome(found),
        secrets === accepted[0]?.secrets,
        "only the accepted one's digest is found",
      )
    }
  }),

  law("of many concurrent inserts with one digest, exactly one succeeds", function* ({ here, there }) {
    const digest = aDigest()
    const tokens = manyTokens(contenders, (index) => ({
      secrets:
        index % 3 ? [aSecret({ digest })] : [aSecret({ generation: 2 }), aSecret({ digest, state: retired(at(1)) })],
    }))
    const outcomes = yield* race(tokens, (token, index) => outcomeOf((index % 2 ? there : here).insert(token)))
    const accepted = tokens.filter((_, index) => outcomes[index] === "done")
    assert.deepStrictEqual(outcomes.toSorted(), oneOf("DuplicateToken"))
    yield* areStored(there, accepted)
    yield* areAbsent(
      there,
      tokens.filter((token) => token !== accepted[0]),
    )
  }),

  law(
    "however inserts collide, a digest belongs to at most one token, and a refused one leaves no trace",
    function* ({ here, there, runs }) {
      const collisions = Arbitrary.array(
        Arbitrary.schema(Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })))),
        {
          minLength: 1,
          maxLength: 8,
        },
      )
      yield* forAll(collisions, { runs }, (digestsOfTokens) =>
        Effect.gen(function* () {
          const digests = Array.from({ length: 6 }, aDigest)
          const ownedBy = anOwner()
          const tokens = digestsOfTokens.map((indices) => {
            const [active, ...rest] = [...new Set(indices)].map((index) => digests[index] ?? aDigest())
            return aToken({
              ownedBy,
              secrets: [
                aSecret({ digest: active ?? aDigest(), generation: rest.length + 1 }),
                ...rest.map((digest, index) =>
                  aSecret({ digest, generation: rest.length - index, state: retired(at(1)) }),
                ),
              ],
            })
          })
          const outcomes = yield* race(tokens, (token, index) => outcomeOf((index % 2 ? there : here).insert(token)))
          assert.include(outcomes, "done", "one at least succeeds")
          yield* areStored(
            here,
            tokens.filter((_, index) => outcomes[index] === "done"),
          )
          yield* areAbsent(
            here,
            tokens.filter((_, index) => outcomes[index] !== "done"),
          )
        }),
      )
    },
  ),

  law("the error for a duplicate names the token, and contains no digest", function* ({ here }) {
    const token = aToken()
    yield* here.insert(token)
    const duplicate = aToken({ secrets: token.secrets })
    const error = yield* failureOf(here.insert(duplicate))
    assert.strictEqual(error._tag === "DuplicateToken" && error.id, duplicate.id)
    const shown = `${error.message} ${String(error)} ${JSON.stringify(error)} ${JSON.stringify(error.cause)} ${String(error.stack)}`
    assert.isFalse(shown.includes(first(token.secrets).digest.hex), "the error shows no digest")
  }),
]

/** The sorted outcomes of 32 contenders of which exactly one succeeds. */
export const oneOf = (refusal: string): ReadonlyArray<string> =>
  ["done", ...Array.from({ length: contenders - 1 }, () => refusal)].toSorted()
