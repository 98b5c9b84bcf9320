/** What holds for `untold` and `markTold`, by which an audit sink is told of each change. The store may hold others' changes. */
import { assert } from "@effect/vitest"
import { ApiToken, type TokenId, unattributed } from "@tokenry/core"
import { Effect, Exit, Option, Stream } from "effect"
import { contentsOf } from "../contents.ts"
import { law, type Repository } from "../Law.ts"
import { amongThese, areAbsent, areStored, idsOf, insertAll, isAnError, outcomeOf, race, storedIn } from "../steps.ts"
import { anId, anOwner, at, aToken, expiring, issuedTo, manyTokens, named, revoked, unique } from "../tokens.ts"
import { noRevision, noText } from "./missing.ts"

const revocation = { at: at(50), reason: "the account was closed" }

export const tellingLaws = [
  law(
    "the stream of the untold gives each token with untold changes once, in whatever state",
    function* ({ here, there }) {
      const untold = [
        ...manyTokens(260, (index) => ({ untold: 1 + (index % 60), createdAt: at(index % 5) })),
        aToken(revoked(1)),
        aToken(expiring(-1)),
        aToken({ ancestors: [anId()], untold: 1000 }),
      ]
      const told = manyTokens(130, () => ({ untold: 0 }))
      const all = [...untold, ...told]
      yield* insertAll(here, [...told.slice(0, 65), ...untold, ...told.slice(65)])
      const streamed = yield* amongThese(there.untold, all)
      assert.strictEqual(streamed.length, untold.length)
      assert.sameDeepMembers(streamed.map(contentsOf), untold.map(contentsOf))
    },
  ),

  law(
    "tokens may be marked as told while the stream of the untold gives them, and each comes once",
    function* ({ here, there }) {
      const tokens = manyTokens(260, (index) => ({ createdAt: at(index % 5) }))
      yield* insertAll(here, tokens)
      const ids = new Set(idsOf(tokens))
      const read: Array<TokenId> = []
      yield* Stream.runForEach(
        Stream.filter(here.untold, ({ id }) => ids.has(id)),
        ({ id, revision }) => {
          read.push(id)
          return there.markTold(id, revision)
        },
      )
      assert.strictEqual(read.length, tokens.length)
      assert.sameMembers(read, idsOf(tokens))
      assert.deepStrictEqual(yield* amongThese(there.untold, tokens), [])
    },
  ),

  law(
    "a token that is marked as told does not come any more, and stays as it is otherwise",
    function* ({ here, there }) {
      const tokens = [aToken({ untold: 3, revision: 4 }), aToken({ ...revoked(1), untold: 1 })]
      const other = aToken()
      yield* insertAll(here, [...tokens, other])
      for (const { id, revision } of tokens) {
        yield* there.markTold(id, revision)
        yield* here.markTold(id, revision)
      }
      yield* areStored(here, [...tokens.map(told), other])
      assert.deepStrictEqual(idsOf(yield* amongThese(here.untold, [...tokens, other])), [other.id])
    },
  ),

  law("a mark under another revision, or for a token that is gone, changes nothing", function* ({ here, there }) {
    const [token, gone] = [aToken({ untold: 2, revision: 3 }), aToken()]
    yield* here.insert(token)
    for (const revision of [2, 4, 0]) yield* there.markTold(token.id, revision)
    yield* there.markTold(gone.id, gone.revision)
    yield* areStored(here, [token])
    yield* areAbsent(here, [gone])
    assert.deepStrictEqual(idsOf(yield* amongThese(here.untold, [token, gone])), [token.id])
  }),

  law(
    "who replaces a token that was marked as told meanwhile makes its changes untold again",
    function* ({ here, there }) {
      const token = aToken({ untold: 2, revision: 5 })
      yield* here.insert(token)
      const read = yield* storedIn(there, token.id)
      yield* here.markTold(token.id, token.revision)
      const renamed = read.rename(named("another"), at(1), unattributed)
      yield* there.replace(renamed, read.revision)
      yield* here.markTold(token.id, token.revision)
      yield* areStored(here, [renamed])
      assert.deepStrictEqual((yield* amongThese(here.untold, [token])).map(contentsOf), [contentsOf(renamed)])

      yield* there.markTold(token.id, renamed.revision)
      const stored = yield* storedIn(here, token.id)
      const again = stored.rename(named("a third"), at(2), unattributed)
      yield* here.replace(again, stored.revision)
      const [streamed] = yield* amongThese(there.untold, [token])
      assert.strictEqual(streamed?.untold, 1, "only what was changed since is untold")
    },
  ),

  law(
    "however replaces and marks interleave, no change is taken for told that was not there when it was told",
    function* ({ here, there }) {
      const tokens = manyTokens(24, () => ({}))
      yield* insertAll(here, tokens)
      yield* race(
        tokens.flatMap((token, index) => {
          const [one, other] = index % 2 ? [here, there] : [there, here]
          const rename = outcomeOf(one.replace(token.rename(named("x"), at(1), unattributed), token.revision))
          const mark = outcomeOf(other.markTold(token.id, token.revision))
          return index % 3 ? [rename, mark] : [mark, rename]
        }),
        (work) => Effect.map(work, (outcome) => assert.strictEqual(outcome, "done")),
      )
      const streamed = yield* amongThese(here.untold, tokens)
      assert.sameMembers(idsOf(streamed), idsOf(tokens))
      for (const { untold } of streamed) assert.strictEqual(untold, 2)
    },
  ),

  law("a bulk revocation makes a token that was told untold again", function* ({ here, there }) {
    const thirdParty = issuedTo(unique("app"))
    const ownedBy = anOwner()
    const owned = [aToken({ ownedBy, untold: 0 }), aToken({ ownedBy, untold: 2 }), aToken({ ownedBy, untold: 1 })]
    const handedOut = aToken({ ...thirdParty, untold: 0 })
    const before = aToken({ ownedBy, ...revoked(1), untold: 0 })
    yield* insertAll(here, [...owned, handedOut, before])
    yield* there.markTold(owned[2]?.id ?? anId(), 1)
    yield* there.revokeOwnedBy(ownedBy, revocation, unattributed)
    yield* there.revokeIssuedTo(Option.getOrThrow(handedOut.issuedTo), Option.none(), revocation, unattributed)
    const streamed = yield* amongThese(here.untold, [...owned, handedOut, before])
    assert.deepStrictEqual(
      new Map(streamed.map(({ id, untold }) => [id, untold])),
      new Map([...owned, handedOut].map(({ id }, index) => [id, index === 1 ? 3 : 1])),
    )
    assert.strictEqual(streamed.length, 4, "one that was revoked before is not changed")
  }),

  law("a missing id or revision marks no token as told", function* ({ here }) {
    const token = aToken()
    const marks = Effect.gen(function* () {
      for (const missing of noText) {
        yield* isAnError("markTold", () => here.markTold(missing as TokenId, token.revision))
      }
      for (const missing of noRevision) {
        yield* Effect.exit(Effect.suspend(() => here.markTold(token.id, missing as number)))
      }
    })
    yield* marks
    yield* areAbsent(here, [token])
    yield* isWhole(here)
    yield* here.insert(token)
    yield* marks
    yield* areStored(here, [token])
  }),
]

const told = (token: ApiToken) => new ApiToken({ ...token, untold: 0 })

/** Asserts that what reads every token still can, so that nothing was written that is none. */
const isWhole = (repository: Repository) =>
  Effect.map(Effect.exit(Effect.all([repository.keyIdsInUse, Stream.runDrain(repository.untold)])), (exit) =>
    assert.isTrue(Exit.isSuccess(exit), "all tokens can be read"),
  )
