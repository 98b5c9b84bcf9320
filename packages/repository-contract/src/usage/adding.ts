/** Laws for many calls of `record`: they add up, from any process and in any order. */
import type { SecretUsage } from "@tokenry/core/adapter"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { forAll, idsOf, insertAll, race } from "../steps.ts"
import { at, aToken, aUse, first, manyTokens } from "../tokens.ts"
import { usageLaw } from "../UsageLaw.ts"
import { unusualScopes } from "./recording.ts"
import { areRecorded, aReuse, required, totalOf } from "./uses.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
const count = Schema.Union([upTo(5), Schema.Literals([3_000_000_000])])
const instant = Schema.Union([upTo(9), Schema.Literals([-1_700_000_000_001, 250_000_000_000_000])])

/** Uses of one of four secrets, of two tokens; and whether the next ones come in another call, and through the other way in. */
const Use = Schema.Struct({
  secret: upTo(3),
  count,
  lastUsedAt: instant,
  scopes: Schema.Array(Schema.Tuple([Schema.Literals(unusualScopes), instant])).check(Schema.isMaxLength(4)),
  reuses: count,
  lastReusedAt: instant,
  endsCall: Schema.Boolean,
  there: Schema.Boolean,
})
type Use = typeof Use.Type

const sequences = Arbitrary.array(Arbitrary.schema(Use), { minLength: 1, maxLength: 20 })

export const addingLaws = [
  usageLaw("a use recorded twice counts twice", function* ({ here, there }) {
    const { id: tokenId, ...token } = aToken()
    yield* here.repository.insert(aToken({ ...token, id: tokenId }))
    const use = aUse({ tokenId, count: 2, reuses: 1, lastReusedAt: Option.some(at(1)), ...required({ "a.b": 1 }) })
    for (const wayIn of [here, here, there]) yield* wayIn.usage.record([use])
    yield* areRecorded(here, [tokenId], [{ ...use, count: 6, reuses: 3 }])
  }),

  usageLaw("the later of two instants is kept, whichever was recorded first", function* ({ here, there }) {
    const tokens = manyTokens(2, () => ({}))
    yield* insertAll(here.repository, tokens)
    for (const [index, { id: tokenId }] of tokens.entries()) {
      const earlier = aUse({ tokenId, lastUsedAt: Option.some(at(1)), ...required({ "a.b": 1, c: 9 }) })
      const later = aUse({ tokenId, lastUsedAt: Option.some(at(2)), ...required({ "a.b": 2, c: 8 }) })
      const reuses = [
        aReuse({ tokenId, lastReusedAt: Option.some(at(6)) }),
        aReuse({ tokenId, lastReusedAt: Option.some(at(5)) }),
      ]
      const uses = [earlier, ...reuses, later]
      for (const use of index ? uses.toReversed() : uses) yield* here.usage.record([use])
      const expected = {
        ...later,
        count: 2,
        ...required({ "a.b": 2, c: 9 }),
        reuses: 2,
        lastReusedAt: Option.some(at(6)),
      }
      yield* areRecorded(there, [tokenId], [expected])
    }
  }),

  usageLaw("an instant recorded in the future is replaced by the present", function* ({ here, there }) {
    const { id: tokenId, ...token } = aToken()
    yield* here.repository.insert(aToken({ ...token, id: tokenId }))
    const [now, future] = [at(20), Option.some(at(1000))]
    const [used, scoped, reused, past, other] = [1, 2, 3, 4, 5].map((generation) => ({ tokenId, generation }))
    yield* here.usage.record([
      aUse({ ...used, tokenId, lastUsedAt: future, ...required({ "a.b": 1000, c: 5 }) }),
      aUse({ ...scoped, tokenId, lastUsedAt: future, ...required({ "a.b": 1000, c: 5 }) }),
      aReuse({ ...reused, tokenId, lastReusedAt: future }),
      aUse({ ...past, tokenId, ...required({ x: 1 }) }),
      aUse({ ...other, tokenId, lastUsedAt: future }),
    ])
    const present = { lastUsedAt: Option.some(now) }
    yield* there.usage.record(
      [
        aUse({ ...used, tokenId, lastUsedAt: Option.some(at(10)), ...required({ "a.b": 10, d: 10 }) }),
        aUse({ ...scoped, tokenId, lastUsedAt: Option.some(at(10)) }),
        aReuse({ ...reused, tokenId, lastReusedAt: Option.some(at(10)) }),
        aUse({ ...past, tokenId, lastUsedAt: Option.some(at(10)), ...required({ x: 10 }) }),
      ],
      now,
    )
    yield* areRecorded(
      here,
      [tokenId],
      [
        aUse({ ...used, tokenId, count: 2, ...present, ...required({ "a.b": 20, c: 5, d: 10 }) }),
        aUse({ ...scoped, tokenId, count: 2, ...present, ...required({ "a.b": 20, c: 5 }) }),
        aReuse({ ...reused, tokenId, reuses: 2, lastReusedAt: Option.some(now) }),
        aUse({ ...past, tokenId, count: 2, lastUsedAt: Option.some(at(10)), ...required({ x: 10 }) }),
        aUse({ ...other, tokenId, lastUsedAt: future }),
      ],
    )
  }),

  usageLaw(
    "records add up to the same in any order, however they are split into calls",
    function* ({ here, there, runs }) {
      yield* forAll(sequences, { runs, size: 12 }, (sequence) =>
        Effect.gen(function* () {
          for (const order of [sequence, sequence.toReversed()]) {
            const tokens = manyTokens(2, () => ({}))
            yield* insertAll(here.repository, tokens)
            const usages = order.map((use) => usageOf(use, first(tokens.slice(use.secret % 2)).id))
            for (const [call, isThere] of callsOf(order, usages)) yield* (isThere ? there : here).usage.record(call)
            const bySecret = Map.groupBy(usages, ({ tokenId, generation }) => `${tokenId} ${generation}`)
            const totals = [...bySecret.values()].map(([one, ...others]) => totalOf([one as SecretUsage, ...others]))
            for (const wayIn of [here, there]) yield* areRecorded(wayIn, idsOf(tokens), totals)
          }
        }),
      )
    },
  ),

  usageLaw("concurrent records on all connections are all kept", function* ({ here, there }) {
    for (let round = 0; round < 3; round++) {
      const tokens = manyTokens(4, () => ({}))
      yield* insertAll(here.repository, tokens)
      const uses = (index: number) =>
        idsOf(index % 3 ? tokens : tokens.toReversed()).map((tokenId) =>
          aUse({
            tokenId,
            count: 1 + index,
            lastUsedAt: Option.some(at(index)),
            reuses: 1,
            lastReusedAt: Option.some(at(-index)),
            ...required({ [`scope.${index % 8}`]: index, all: 100 - index }),
          }),
        )
      const calls = Array.from({ length: 32 }, (_, index) => uses(index))
      yield* race(calls, (call, index) => (index % 2 ? there : here).usage.record(call))
      const totals = idsOf(tokens).map((id) => {
        const [one, ...others] = calls.flat().filter(({ tokenId }) => tokenId === id)
        return totalOf([one as SecretUsage, ...others])
      })
      for (const wayIn of [here, there]) yield* areRecorded(wayIn, idsOf(tokens), totals)
    }
  }),
]

/** What was used has an instant and maybe scopes, what was not has none; one of both was done at least once. */
const usageOf = (
  { secret, count, lastUsedAt, scopes, reuses, lastReusedAt }: Use,
  tokenId: SecretUsage["tokenId"],
): SecretUsage => {
  const reused = { reuses, lastReusedAt: reuses > 0 ? Option.some(at(lastReusedAt)) : Option.none() }
  const generation = 1 + (secret >> 1)
  return count === 0 && reuses > 0
    ? aReuse({ tokenId, generation, ...reused })
    : aUse({
        tokenId,
        generation,
        count: Math.max(1, count),
        lastUsedAt: Option.some(at(lastUsedAt)),
        ...required(scopes),
        ...reused,
      })
}

/** The usages in calls, each with whether it is made through the other way in. */
const callsOf = (uses: ReadonlyArray<Use>, usages: ReadonlyArray<SecretUsage>) => {
  const calls: Array<[Array<SecretUsage>, boolean]> = [[[], false]]
  for (const [index, usage] of usages.entries()) {
    calls.at(-1)?.[0].push(usage)
    const use = uses[index]
    if (use?.endsCall === true) calls.push([[], use.there])
  }
  return calls
}
