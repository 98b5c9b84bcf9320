/** Laws for `usageOf`. */
import { assert } from "@effect/vitest"
import { idsOf, insertAll } from "../steps.ts"
import { anId, aToken, aUse, manyTokens } from "../tokens.ts"
import { usageLaw } from "../UsageLaw.ts"
import { areRecorded } from "./uses.ts"

export const readingLaws = [
  usageLaw("one call returns the usage of hundreds of tokens, and no other's", function* ({ here, there }) {
    const tokens = manyTokens(260, (index) => ({ ancestors: index % 2 ? [anId()] : [] }))
    const others = manyTokens(10, () => ({}))
    yield* insertAll(here.repository, [...tokens, ...others])
    const uses = idsOf(tokens).flatMap((tokenId, index) =>
      Array.from({ length: 1 + (index % 2) }, (_, generation) =>
        aUse({ tokenId, generation: generation + 1, count: 1 + index }),
      ),
    )
    yield* here.usage.record([...uses, ...idsOf(others).map((tokenId) => aUse({ tokenId }))])
    yield* areRecorded(there, idsOf(tokens), uses)
    const some = idsOf(tokens).slice(100, 103)
    yield* areRecorded(
      there,
      some,
      uses.filter(({ tokenId }) => some.includes(tokenId)),
    )
  }),

  usageLaw("no usage is returned for no tokens, missing tokens and unused tokens", function* ({ here, there }) {
    const [used, unused] = [aToken(), aToken()]
    yield* insertAll(here.repository, [used, unused])
    const use = aUse({ tokenId: used.id })
    yield* here.usage.record([use])
    assert.deepStrictEqual(yield* there.usage.usageOf([]), [])
    assert.deepStrictEqual(yield* there.usage.usageOf([anId(), unused.id]), [])
    yield* areRecorded(there, [anId(), unused.id, used.id, anId()], [use])
  }),

  usageLaw("every later read, on any connection, sees a finished record", function* ({ here, there }) {
    const token = aToken()
    yield* here.repository.insert(token)
    let count = 0
    for (const [writer, reader] of [
      [here, here],
      [here, there],
      [there, here],
      [there, there],
    ] as const) {
      yield* writer.usage.record([aUse({ tokenId: token.id })])
      yield* areRecorded(reader, [token.id], [aUse({ tokenId: token.id, count: ++count })])
    }
  }),
]
