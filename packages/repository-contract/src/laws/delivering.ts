/**
 * Laws for `undelivered` and `markDelivered`, which the delivery to the audit sink relies on. The store may contain
 * other changes.
 */
import { assert } from "@effect/vitest"
import { ApiToken } from "@tokenry/core"
import { type TokenId, unattributed } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { contentsOf } from "../contents.ts"
import { law, type Repository } from "../Law.ts"
import { amongThese, areAbsent, areStored, idsOf, insertAll, isAnError, outcomeOf, race, storedIn } from "../steps.ts"
import { anId, anOwner, at, aToken, expiring, issuedTo, manyTokens, named, revoked, unique } from "../tokens.ts"
import { noRevision, noText } from "./missing.ts"

const revocation = { at: at(50), reason: "the account was closed" }

export const deliveringLaws = [
  law(
    "the stream of the undelivered gives each token with undelivered changes once, in whatever state",
    function* ({ here, there }) {
      const undelivered = [
        ...manyTokens(260, (index) => ({ undelivered: 1 + (index % 60), createdAt: at(index % 5) })),
        aToken(revoked(1)),
        aToken(expiring(-1)),
        aToken({ ancestors: [anId()], undelivered: 1000 }),
      ]
      const delivered = manyTokens(130, () => ({ undelivered: 0 }))
      const all = [...undelivered, ...delivered]
      yield* insertAll(here, [...delivered.slice(0, 65), ...undelivered, ...delivered.slice(65)])
      const streamed = yield* amongThese(there.undelivered, all)
      assert.strictEqual(streamed.length, undelivered.length)
      assert.sameDeepMembers(streamed.map(contentsOf), undelivered.map(contentsOf))
    },
  ),

  law(
    "tokens may be marked as delivered while the stream of undelivered ones returns them, and each comes once",
    function* ({ here, there }) {
      const tokens = manyTokens(260, (index) => ({ createdAt: at(index % 5) }))
      yield* insertAll(here, tokens)
      const ids = new Set(idsOf(tokens))
      const read: Array<TokenId> = []
      yield* Stream.runForEach(
        Stream.filter(here.undelivered, ({ id }) => ids.has(id)),
        ({ id, revision }) => {
          read.push(id)
          return there.markDelivered(id, revision)
        },
      )
      assert.strictEqual(read.length, tokens.length)
      assert.sameMembers(read, idsOf(tokens))
      assert.deepStrictEqual(yield* amongThese(there.undelivered, tokens), [])
    },
  ),

  law("a token marked as delivered isn't returned again, and otherwise stays as it is", function* ({ here, there }) {
    const tokens = [aToken({ undelivered: 3, revision: 4 }), aToken({ ...revoked(1), undelivered: 1 })]
    const other = aToken()
    yield* insertAll(here, [...tokens, other])
    for (const { id, revision } of tokens) {
      yield* there.markDelivered(id, revision)
      yield* here.markDelivered(id, revision)
    }
    yield* areStored(here, [...tokens.map(delivered), other])
    assert.deepStrictEqual(idsOf(yield* amongThese(here.undelivered, [...tokens, other])), [other.id])
  }),

  law("marking another revision or a deleted token as delivered changes nothing", function* ({ here, there }) {
    const [token, gone] = [aToken({ undelivered: 2, revision: 3 }), aToken()]
    yield* here.insert(token)
    for (const revision of [2, 4, 0]) yield* there.markDelivered(token.id, revision)
    yield* there.markDelivered(gone.id, gone.revision)
    yield* areStored(here, [token])
    yield* areAbsent(here, [gone])
    assert.deepStrictEqual(idsOf(yield* amongThese(here.undelivered, [token, gone])), [token.id])
  }),

  law(
    "replacing a token that was marked as delivered meanwhile makes its changes undelivered again",
    function* ({ here, there }) {
      const token = aToken({ undelivered: 2, revision: 5 })
      yield* here.insert(token)
      const read = yield* storedIn(there, token.id)
      yield* here.markDelivered(token.id, token.revision)
      const renamed = read.rename(named("another"), at(1), unattributed)
      yield* there.replace(renamed, read.revision)
      yield* here.markDelivered(token.id, token.revision)
      yield* areStored(here, [renamed])
      assert.deepStrictEqual((yield* amongThese(here.undelivered, [token])).map(contentsOf), [contentsOf(renamed)])

      yield* there.markDelivered(token.id, renamed.revision)
      const stored = yield* storedIn(here, token.id)
      const again = stored.rename(named("a third"), at(2), unattributed)
      yield* here.replace(again, stored.revision)
      const [streamed] = yield* amongThese(there.undelivered, [token])
      assert.strictEqual(streamed?.undelivered, 1, "only what was changed since is undelivered")
    },
  ),

  law(
    "however replaces and marks interleave, a change made after delivery is never marked as delivered",
    function* ({ here, there }) {
      const tokens = manyTokens(24, () => ({}))
      yield* insertAll(here, tokens)
      yield* race(
        tokens.flatMap((token, index) => {
          const [one, other] = index % 2 ? [here, there] : [there, here]
          const rename = outcomeOf(one.replace(token.rename(named("x"), at(1), unattributed), token.revision))
          const mark = outcomeOf(other.markDelivered(token.id, token.revision))
          return index % 3 ? [rename, mark] : [mark, rename]
        }),
        (work) => Effect.map(work, (outcome) => assert.strictEqual(outcome, "done")),
      )
      const streamed = yield* amongThese(here.undelivered, tokens)
      assert.sameMembers(idsOf(streamed), idsOf(tokens))
      for (const { undelivered } of streamed) assert.strictEqual(undelivered, 2)
    },
  ),

  law("a bulk revocation makes a delivered token undelivered again", function* ({ here, there }) {
    const thirdParty = issuedTo(unique("app"))
    const ownedBy = anOwner()
    const owned = [
      aToken({ ownedBy, undelivered: 0 }),
      aToken({ ownedBy, undelivered: 1 }),
      aToken({ ownedBy, undelivered: 1 }),
    ]
    const handedOut = aToken({ ...thirdParty, undelivered: 0 })
    const before = aToken({ ownedBy, ...revoked(1), undelivered: 0 })
    yield* insertAll(here, [...owned, handedOut, before])
    yield* there.markDelivered(owned[2]?.id ?? anId(), 1)
    yield* there.revokeOwnedBy(ownedBy, revocation, unattributed)
    yield* there.revokeIssuedTo(Option.getOrThrow(handedOut.issuedTo), Option.none(), revocation, unattributed)
    const streamed = yield* amongThese(here.undelivered, [...owned, handedOut, before])
    assert.deepStrictEqual(
      new Map(streamed.map(({ id, undelivered }) => [id, undelivered])),
      new Map([...owned, handedOut].map(({ id }, index) => [id, index === 1 ? 2 : 1])),
    )
    assert.strictEqual(streamed.length, 4, "one that was revoked before is not changed")
  }),

  law("a missing id or revision marks no token as delivered", function* ({ here }) {
    const token = aToken()
    const marks = Effect.gen(function* () {
      for (const missing of noText) {
        yield* isAnError("markDelivered", () => here.markDelivered(missing as TokenId, token.revision))
      }
      for (const missing of noRevision) {
        yield* Effect.exit(Effect.suspend(() => here.markDelivered(token.id, missing as number)))
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

const delivered = (token: ApiToken) => new ApiToken({ ...token, undelivered: 0 })

/** Checks that reading all tokens still works, so nothing invalid was written. */
const isWhole = (repository: Repository) =>
  Effect.map(Effect.exit(Effect.all([repository.keyIdsInUse, Stream.runDrain(repository.undelivered)])), (exit) =>
    assert.isTrue(Exit.isSuccess(exit), "all tokens can be read"),
  )
