/** Laws for the bulk revocations, `revokeOwnedBy` and `revokeIssuedTo`. */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { Change, type OwnerId, unattributed } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { contentsOf } from "../contents.ts"
import { law, type Repository } from "../Law.ts"
import { areStored, failureOf, insertAll, race, storedIn } from "../steps.ts"
import { anOwner, at, aToken, expiring, issuedTo, manyTokens, named, revoked, unique } from "../tokens.ts"

const revocation = { at: at(50), reason: "the account was closed" }
const by = { actor: { kind: "person", id: "admin" }, origin: { address: "::1", userAgent: "curl/8" } } as const
const again = { at: at(60), reason: "once more" }

export const revokingLaws = [
  law("all of an owner's tokens are revoked and counted, even expired ones", function* ({ here, there }) {
    const ownedBy = anOwner()
    const tokens = [
      aToken({ ownedBy, ...expiring(-1) }),
      aToken({ ownedBy, ...expiring(99) }),
      ...manyTokens(230, (index) => ({ ownedBy, createdAt: at(index % 3) })),
    ]
    const before = aToken({ ownedBy, ...revoked(1) })
    yield* insertAll(here, [before, ...tokens])
    assert.strictEqual(yield* there.revokeOwnedBy(ownedBy, revocation, by), tokens.length)
    yield* areRevoked(here, tokens)
    assert.strictEqual(yield* here.revokeOwnedBy(anOwner(), revocation, by), 0)
  }),

  law("a revocation of one owner's tokens touches nobody else's", function* ({ here }) {
    const mine = unique("OWNER é")
    const others = [`${mine}0`, mine.slice(0, -1), mine.toLowerCase(), mine.normalize("NFD"), "%", ".*", anOwner()]
    const tokens = others.map((ownedBy) => aToken({ ownedBy: ownedBy as OwnerId }))
    const own = aToken({ ownedBy: mine as OwnerId })
    yield* insertAll(here, [...tokens, own])
    assert.strictEqual(yield* here.revokeOwnedBy(own.ownedBy, revocation, by), 1)
    yield* areRevoked(here, [own])
    yield* areStored(here, tokens)
  }),

  law("a bulk revocation adds one history entry with actor, origin, time and reason", function* ({ here }) {
    const history = Array.from({ length: Change.remembered }, (_, index) =>
      Change.make("renamed", at(index), unattributed),
    )
    const [young, old] = [aToken(), aToken({ history, ...issuedTo(unique("app")) })]
    yield* insertAll(here, [young, old])
    yield* here.revokeOwnedBy(young.ownedBy, revocation, by)
    yield* here.revokeIssuedTo(Option.getOrThrow(old.issuedTo), Option.none(), revocation, by)
    const line = Change.make("revoked", revocation.at, by, revocation.reason)
    for (const [token, lines] of [
      [young, 2],
      [old, Change.remembered],
    ] as const) {
      const stored = yield* storedIn(here, token.id)
      assert.deepStrictEqual(stored.history.at(-1)?.actor, line.actor)
      assert.deepStrictEqual(stored.history.at(-1)?.origin, line.origin)
      // A store that can't shorten a list in place keeps one line more: a token is revoked once.
      assert.include([lines, Math.max(lines, Change.remembered + 1)], stored.history.length)
    }
    yield* areRevoked(here, [young])
    const full = yield* storedIn(here, old.id)
    assert.deepStrictEqual(Option.getOrUndefined(full.revocation)?.reason, revocation.reason)
    assert.strictEqual(full.revision, old.revision + 1)
  }),

  law("a bulk revocation is idempotent, and the first revocation stays", function* ({ here, there }) {
    const thirdParty = unique("app")
    const token = aToken(issuedTo(thirdParty))
    const before = aToken({ ownedBy: token.ownedBy, ...issuedTo(thirdParty), ...revoked(1) })
    yield* insertAll(here, [token, before])
    assert.strictEqual(yield* here.revokeOwnedBy(token.ownedBy, revocation, by), 1)
    const stored = yield* storedIn(here, token.id)
    assert.strictEqual(yield* there.revokeOwnedBy(token.ownedBy, again, unattributed), 0)
    assert.strictEqual(yield* there.revokeIssuedTo(thirdParty, Option.none(), again, unattributed), 0)
    assert.strictEqual(yield* here.revokeIssuedTo(thirdParty, Option.some(token.ownedBy), again, unattributed), 0)
    yield* areStored(here, [stored, before])
  }),

  law(
    "a bulk revocation raises the revision, so a replace that was read before conflicts",
    function* ({ here, there }) {
      const [owned, handedOut] = [aToken(), aToken(issuedTo(unique("app")))]
      yield* insertAll(here, [owned, handedOut])
      yield* here.revokeOwnedBy(owned.ownedBy, revocation, by)
      yield* here.revokeIssuedTo(Option.getOrThrow(handedOut.issuedTo), Option.none(), revocation, by)
      for (const token of [owned, handedOut]) {
        const error = yield* failureOf(there.replace(token.rename(named("x"), at(51), by), token.revision))
        assert.strictEqual(error._tag, "RevisionConflict")
      }
      yield* areRevoked(here, [owned, handedOut])
    },
  ),

  law(
    "however replaces and a bulk revocation interleave, the token ends revoked, and no change is lost",
    function* ({ here, there }) {
      for (let round = 0; round < 4; round++) {
        const ownedBy = anOwner()
        const tokens = manyTokens(8, () => ({ ownedBy }))
        yield* insertAll(here, tokens)
        const rename = (token: ApiToken, repository: Repository) =>
          storedIn(repository, token.id).pipe(
            Effect.flatMap((read) => repository.replace(read.rename(named("x"), at(1), by), read.revision)),
            Effect.retry({ while: ({ _tag }) => _tag === "RevisionConflict" }),
            Effect.as(0),
          )
        const works = tokens.map((token, index) => rename(token, index % 2 ? there : here))
        works.splice(round * 2, 0, here.revokeOwnedBy(ownedBy, revocation, by))
        const counts = yield* race(works, (work) => work)
        assert.strictEqual(Math.max(...counts), tokens.length)
        for (const { id } of tokens) {
          const stored = yield* storedIn(there, id)
          assert.isTrue(Option.isSome(stored.revocation), "it is revoked")
          assert.sameMembers(
            stored.history.map(({ kind }) => kind),
            ["issued", "renamed", "revoked"],
          )
        }
      }
    },
  ),

  law(
    "only one of several concurrent bulk revocations counts a token, and its reason stays",
    function* ({ here, there }) {
      const ownedBy = anOwner()
      const thirdParty = unique("app")
      const tokens = manyTokens(40, () => ({ ownedBy, ...issuedTo(thirdParty) }))
      yield* insertAll(here, tokens)
      const reasons = ["a", "b", "c", "d"]
      const counts = yield* race(reasons, (reason, index) => {
        const repository = index % 2 ? there : here
        return index < 2
          ? repository.revokeOwnedBy(ownedBy, { at: at(50), reason }, by)
          : repository.revokeIssuedTo(thirdParty, Option.none(), { at: at(50), reason }, by)
      })
      assert.strictEqual(
        counts.reduce((sum, count) => sum + count, 0),
        tokens.length,
      )
      for (const { id } of tokens) {
        const { revocation, history } = yield* storedIn(here, id)
        const lines = history.filter(({ kind }) => kind === "revoked").map(({ detail }) => Option.getOrNull(detail))
        assert.deepStrictEqual(lines, [Option.getOrThrow(revocation).reason])
      }
    },
  ),

  law(
    "what was issued to a third party is revoked, one owner's or everybody's, and nothing else",
    function* ({ here, there }) {
      const thirdParty = unique("APP é")
      const [mine, theirs] = [anOwner(), anOwner()]
      const ofMine = manyTokens(110, () => ({ ownedBy: mine, ...issuedTo(thirdParty) }))
      const ofTheirs = manyTokens(110, () => ({ ownedBy: theirs, ...issuedTo(thirdParty) }))
      const expired = aToken({ ownedBy: theirs, ...issuedTo(thirdParty), ...expiring(-1) })
      const near = [
        `${thirdParty}0`,
        thirdParty.slice(0, -1),
        thirdParty.toLowerCase(),
        thirdParty.normalize("NFD"),
        "%",
        ".*",
      ]
      const others = [aToken({ ownedBy: mine }), ...near.map((name) => aToken({ ownedBy: mine, ...issuedTo(name) }))]
      yield* insertAll(here, [...ofMine, ...ofTheirs, expired, ...others])

      assert.strictEqual(yield* here.revokeIssuedTo(thirdParty, Option.some(mine), revocation, by), ofMine.length)
      yield* areStored(there, [...ofTheirs, expired])
      assert.strictEqual(yield* there.revokeIssuedTo(thirdParty, Option.none(), revocation, by), ofTheirs.length + 1)
      yield* areRevoked(there, [...ofMine, ...ofTheirs, expired])
      yield* areStored(here, others)
    },
  ),
]

/** Checks that each token is unchanged except for the one revocation, its history entry and a higher revision. */
const areRevoked = (repository: Repository, tokens: ReadonlyArray<ApiToken>) =>
  Effect.forEach(
    tokens,
    (token) =>
      Effect.map(storedIn(repository, token.id), (stored) => {
        assert.isAbove(stored.revision, token.revision, "the revision is raised")
        const expected = contentsOf(token.revoke(revocation, by))
        assert.strictEqual(expected.revocation?.at, DateTime.formatIso(revocation.at))
        assert.deepStrictEqual(contentsOf(stored), { ...expected, revision: stored.revision })
      }),
    { concurrency: 8, discard: true },
  )
