/** Laws for streams of all owners' tokens. The store may contain other tokens, which a law ignores. */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { unattributed } from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { contentsOf } from "../contents.ts"
import { law } from "../Law.ts"
import { amongThese, areStored, idsOf, insertAll, storedIn } from "../steps.ts"
import { anId, at, aToken, expiring, manyTokens, revoked } from "../tokens.ts"

export const streamingLaws = [
  law(
    "the stream of what was created before an instant is complete, whole, and the oldest first",
    function* ({ here, there }) {
      const tokens = manyTokens(260, (index) => ({
        id: anId(at((index * 7) % 260)),
        createdAt: at(((index * 31) % 50) - 25),
      }))
      yield* insertAll(here, tokens)
      const streamed = yield* amongThese(there.liveCreatedBefore(at(100), at(0)), tokens)
      assert.sameDeepMembers(streamed.map(contentsOf), tokens.map(contentsOf))
      assert.strictEqual(streamed.length, tokens.length)
      isInOrder(streamed.map(({ createdAt }) => createdAt))
    },
  ),

  law(
    "the stream of what was created before an instant leaves out the instant itself, and the dead",
    function* ({ here }) {
      const before = aToken({ createdAt: at(9) })
      const expiringLater = aToken({ createdAt: at(9), ...expiring(51) })
      const others = [
        aToken({ createdAt: at(10) }),
        aToken({ createdAt: at(11) }),
        aToken({ createdAt: at(1), ...expiring(50) }),
        aToken({ createdAt: at(1), ...revoked(60), ...expiring(90) }),
      ]
      const all = [before, expiringLater, ...others]
      yield* insertAll(here, all)
      const streamed = yield* amongThese(here.liveCreatedBefore(at(10), at(50)), all)
      assert.sameMembers(idsOf(streamed), idsOf([before, expiringLater]))
    },
  ),

  law("a stream returns every token, even if many share one instant", function* ({ here }) {
    const tokens = manyTokens(260, (index) => ({ id: anId(at((index * 7) % 260)), ...expiring(70) }))
    yield* insertAll(here, tokens)
    for (const stream of [here.liveCreatedBefore(at(1), at(0)), here.expiringBetween(at(70), at(71))]) {
      const ids = idsOf(yield* amongThese(stream, tokens))
      assert.sameMembers(ids, idsOf(tokens))
      assert.strictEqual(ids.length, tokens.length)
    }
  }),

  law(
    "the stream of what expires in an interval is complete, whole, and the soonest first",
    function* ({ here, there }) {
      const tokens = manyTokens(260, (index) => ({
        id: anId(at((index * 7) % 260)),
        createdAt: at(index % 13),
        ...expiring(1000 + ((index * 31) % 50)),
      }))
      yield* insertAll(here, tokens)
      const streamed = yield* amongThese(there.expiringBetween(at(1000), at(1050)), tokens)
      assert.sameDeepMembers(streamed.map(contentsOf), tokens.map(contentsOf))
      assert.strictEqual(streamed.length, tokens.length)
      isInOrder(streamed.flatMap(({ expiresAt }) => Option.toArray(expiresAt)))
    },
  ),

  law(
    "the interval of expiry includes its beginning, and not its end, nor what is revoked or never expires",
    function* ({ here }) {
      const within = [aToken(expiring(200)), aToken(expiring(299))]
      const others = [
        aToken(expiring(199)),
        aToken(expiring(300)),
        aToken({ ...expiring(250), ...revoked(1) }),
        aToken(),
      ]
      const all = [...within, ...others]
      yield* insertAll(here, all)
      assert.deepStrictEqual(idsOf(yield* amongThese(here.expiringBetween(at(200), at(300)), all)), idsOf(within))
      assert.deepStrictEqual(yield* amongThese(here.expiringBetween(at(200), at(200)), all), [])
      assert.deepStrictEqual(yield* amongThese(here.expiringBetween(at(300), at(200)), all), [])
    },
  ),

  law(
    "a stream that is read while others write gives what is there throughout once, as it was or as it is",
    function* ({ here, there }) {
      const tokens = manyTokens(260, (index) => ({ createdAt: at(index % 20), ...expiring(400 + (index % 20)) }))
      yield* insertAll(here, tokens)
      let touched = 0
      const touchSome = (seen: number) =>
        Effect.gen(function* () {
          if (seen % 50 !== 0) return
          yield* there.insert(aToken(expiring(410)))
          for (const token of tokens.filter(isTouched).slice(touched, (touched += 8))) {
            const stored = yield* storedIn(there, token.id)
            yield* there.replace(stored.revoke({ at: at(1), reason: "x" }, unattributed), stored.revision)
          }
        })
      for (const open of [() => here.liveCreatedBefore(at(100), at(0)), () => here.expiringBetween(at(400), at(500))]) {
        const read: Array<ApiToken> = []
        const ids = new Set(idsOf(tokens))
        yield* Stream.runForEach(
          Stream.filter(open(), ({ id }) => ids.has(id)),
          (token) => Effect.suspend(() => touchSome(read.push(token))),
        )
        assert.strictEqual(new Set(idsOf(read)).size, read.length, "nothing comes twice")
        const untouched = tokens.filter((token, index) => !isTouched(token, index))
        assert.includeMembers(idsOf(read), idsOf(untouched), "nothing is left out")
      }
      assert.isAtLeast(touched, 40)
    },
  ),

  law("the store stays usable after a stream is abandoned early", function* ({ here }) {
    const tokens = manyTokens(260, () => expiring(500))
    yield* insertAll(here, tokens)
    for (const stream of [here.liveCreatedBefore(at(100), at(0)), here.expiringBetween(at(500), at(501))]) {
      for (let time = 0; time < 20; time++) {
        assert.strictEqual((yield* Stream.runCollect(Stream.take(stream, 3))).length, 3)
      }
    }
    const token = aToken()
    yield* here.insert(token)
    yield* areStored(here, [token])
  }),
]

const isTouched = (_: unknown, index: number) => index % 5 === 0

const isInOrder = (instants: ReadonlyArray<DateTime.Utc>) => {
  const milliseconds = instants.map(({ epochMilliseconds }) => epochMilliseconds)
  assert.deepStrictEqual(
    milliseconds,
    milliseconds.toSorted((left, right) => left - right),
  )
}
