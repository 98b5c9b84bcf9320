/** Laws for `purge`. They first purge everything that is already dead in the store. */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { diedAt } from "@tokenry/core/adapter"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { law } from "../Law.ts"
import { areAbsent, areStored, forAll, insertAll, race } from "../steps.ts"
import { anId, anOwner, aSecret, at, aToken, endOfTime, expiring, manyTokens, retired, revoked } from "../tokens.ts"

export const purgingLaws = [
  law(
    "a purge removes what was revoked or expired before the instant, whichever came first, and nothing else",
    function* ({ here, there }) {
      yield* here.purge(endOfTime)
      const dead = [
        aToken(revoked(99)),
        aToken(expiring(99)),
        aToken({ ...expiring(99), ...revoked(500) }),
        aToken({ ...expiring(500), ...revoked(99) }),
        aToken({ ...expiring(1), secrets: [aSecret({ generation: 2 }), aSecret({ state: retired(at(1)) })] }),
      ]
      const kept = [
        aToken(),
        aToken(expiring(500)),
        aToken(revoked(500)),
        aToken({ ...expiring(500), ...revoked(500) }),
      ]
      yield* insertAll(here, [...dead, ...kept])
      assert.strictEqual(yield* there.purge(at(100)), dead.length)
      yield* areAbsent(here, dead)
      yield* areStored(here, kept)
      assert.strictEqual(yield* here.purge(at(100)), 0)
    },
  ),

  law("a purge keeps a token that dies at exactly its instant", function* ({ here }) {
    yield* here.purge(endOfTime)
    const kept = [aToken(expiring(100)), aToken(revoked(100)), aToken({ ...expiring(100), ...revoked(100) })]
    yield* insertAll(here, kept)
    assert.strictEqual(yield* here.purge(at(100)), 0)
    yield* areStored(here, kept)
    assert.strictEqual(yield* here.purge(at(101)), kept.length)
    yield* areAbsent(here, kept)
  }),

  law(
    "a purge removes the tokens minted with what it removes, and no ancestor or sibling",
    function* ({ here, there }) {
      yield* here.purge(endOfTime)
      const grandparent = aToken()
      const parent = aToken({ ...revoked(1), ancestors: [grandparent.id] })
      const child = aToken({ ancestors: [grandparent.id, parent.id] })
      const grandchild = aToken({ ...expiring(900), ancestors: [grandparent.id, parent.id, child.id] })
      const sibling = aToken({ ancestors: [grandparent.id] })
      const orphan = aToken({ ancestors: [anId()] })
      yield* insertAll(here, [grandparent, parent, child, grandchild, sibling, orphan])
      assert.strictEqual(yield* there.purge(at(2)), 3)
      yield* areAbsent(here, [parent, child, grandchild])
      yield* areStored(here, [grandparent, sibling, orphan])
    },
  ),

  law("the ids and digests of purged tokens can be used again", function* ({ here, there }) {
    const dead = aToken({ ...revoked(1), secrets: [aSecret({ generation: 2 }), aSecret({ state: retired(at(1)) })] })
    yield* here.insert(dead)
    yield* there.purge(at(2))
    const again = aToken({ id: dead.id, secrets: dead.secrets })
    yield* here.insert(again)
    yield* areStored(there, [again])
  }),

  law("a purge deletes hundreds of dead tokens, and hundreds of one token's descendants", function* ({ here }) {
    yield* here.purge(endOfTime)
    const root = aToken(expiring(1))
    const kept = aToken()
    const descendants = manyTokens(260, (index) => ({ ancestors: index % 2 ? [root.id] : [anId(), root.id] }))
    const dead = manyTokens(260, (index) => (index % 2 ? expiring(1) : revoked(1)))
    yield* insertAll(here, [root, kept, ...descendants, ...dead])
    assert.strictEqual(yield* here.purge(at(2)), 521)
    yield* areAbsent(here, [root, ...descendants, ...dead])
    yield* areStored(here, [kept])
  }),

  law("only one of several concurrent purges counts a token", function* ({ here, there }) {
    yield* here.purge(endOfTime)
    yield* insertAll(
      here,
      manyTokens(60, () => expiring(1)),
    )
    const counts = yield* race([here, there, here, there], (repository) => repository.purge(at(2)))
    assert.strictEqual(
      counts.reduce((sum, count) => sum + count, 0),
      60,
    )
  }),

  law(
    "of any forest, a purge leaves what neither died before the instant nor has an ancestor that did",
    function* ({ here, there, runs }) {
      yield* here.purge(endOfTime)
      yield* forAll(forests, { runs }, ({ trees, diedBefore }) =>
        Effect.gen(function* () {
          const ownedBy = anOwner()
          const tokens: Array<ApiToken> = []
          for (const { parent, expiresAt, revokedAt } of trees) {
            const minter = parent < tokens.length ? tokens[parent] : undefined
            const ancestors =
              minter === undefined || minter.ancestors.length === 8 ? [] : [...minter.ancestors, minter.id]
            tokens.push(aToken({ ownedBy, ancestors, ...deadAt(expiresAt, expiring), ...deadAt(revokedAt, revoked) }))
          }
          const died = tokens.filter((token) =>
            Option.exists(diedAt(token), (at) => at.epochMilliseconds < instant(diedBefore)),
          )
          const isGone = ({ id, ancestors }: ApiToken) =>
            died.some((dead) => dead.id === id || ancestors.includes(dead.id))
          yield* insertAll(here, tokens)
          assert.strictEqual(yield* there.purge(at(diedBefore)), tokens.filter(isGone).length)
          yield* areAbsent(here, tokens.filter(isGone))
          yield* areStored(
            here,
            tokens.filter((token) => !isGone(token)),
          )
          yield* there.purge(endOfTime)
        }),
      )
    },
  ),
]

const instant = (milliseconds: number) => at(milliseconds).epochMilliseconds

/** Up to six instants of death; at the seventh, it doesn't die. */
const deadAt = <A>(milliseconds: number, fields: (milliseconds: number) => A): A | undefined =>
  milliseconds === 6 ? undefined : fields(milliseconds)

const sixOr = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 6 }))

const forests = Arbitrary.all({
  trees: Arbitrary.array(
    Arbitrary.schema(
      Schema.Struct({
        parent: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 14 })),
        expiresAt: sixOr,
        revokedAt: sixOr,
      }),
    ),
    { maxLength: 15 },
  ),
  diedBefore: Arbitrary.schema(sixOr),
})
