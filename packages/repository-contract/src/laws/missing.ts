/** What holds when a caller in JavaScript leaves an argument out, or gives an empty one: an error, and never "all". */
import { assert } from "@effect/vitest"
import { type ApiToken, type OwnerId, type TokenId, unattributed } from "@tokenry/core"
import { type DateTime, Effect, Option, Stream } from "effect"
import { law, type Repository } from "../Law.ts"
import { areAbsent, areStored, everythingOf, insertAll, isAnError } from "../steps.ts"
import {
  anId,
  anOwner,
  aSecret,
  at,
  aToken,
  changed,
  expiring,
  first,
  issuedTo,
  retired,
  retiring,
  unique,
} from "../tokens.ts"

/** What stands where a text should, in programs that nothing type-checks. */
const noText: ReadonlyArray<unknown> = [undefined, null, ""]
const noInstant: ReadonlyArray<unknown> = [undefined, null, "", { epochMilliseconds: Number.NaN }]

const revocation = { at: at(0), reason: "x" }

export const missingLaws = [
  law("a missing or empty owner is an error, and changes and gives nothing", function* ({ here }) {
    const tokens = yield* threeTokens(here)
    const thirdParty = Option.getOrThrow(first(tokens).issuedTo)
    for (const missing of noText) {
      const owner = missing as OwnerId
      yield* isAnError("revokeOwnedBy", () => here.revokeOwnedBy(owner, revocation, unattributed))
      const some = Option.some(owner)
      yield* isAnError("revokeIssuedTo", () => here.revokeIssuedTo(thirdParty, some, revocation, unattributed))
      yield* isAnError("listOwnedBy", () => here.listOwnedBy(everythingOf({ ownedBy: owner })))
      yield* isAnError("countLiveOwnedBy", () => here.countLiveOwnedBy(owner, at(0)))
      yield* isNeverStored(here, { ownedBy: owner })
    }
    const option = noText[0] as Option.Option<OwnerId>
    yield* isAnError("revokeIssuedTo", () => here.revokeIssuedTo(thirdParty, option, revocation, unattributed))
    yield* areStored(here, tokens)
  }),

  law("a missing or empty third party is an error, and changes nothing", function* ({ here }) {
    const tokens = yield* threeTokens(here)
    for (const missing of noText) {
      for (const ownedBy of [Option.none(), Option.some(first(tokens).ownedBy)]) {
        yield* isAnError("revokeIssuedTo", () =>
          here.revokeIssuedTo(missing as string, ownedBy, revocation, unattributed),
        )
      }
    }
    yield* areStored(here, tokens)
  }),

  law("a missing or empty id is an error, and changes and gives nothing", function* ({ here }) {
    const tokens = yield* threeTokens(here)
    for (const missing of noText) {
      const id = missing as TokenId
      yield* isAnError("findById", () => here.findById(id))
      yield* isAnError("findManyById", () => here.findManyById([first(tokens).id, id]))
      const after = Option.some({ createdAt: at(9), id })
      yield* isAnError("listOwnedBy", () => here.listOwnedBy({ ...everythingOf(first(tokens)), after }))
      const nameless = aToken({ id })
      yield* isAnError("insert", () => here.insert(nameless))
      yield* isAnError("replace", () => here.replace(changed(nameless, {}), 1))
      assert.isTrue(Option.isNone(yield* here.findByDigest([nameless.secrets[0].digest])), "nothing is written")
    }
    yield* areStored(here, tokens)
  }),

  law("a missing instant, or one that is none, is an error, and changes and gives nothing", function* ({ here }) {
    const tokens = yield* threeTokens(here)
    const { ownedBy, id } = first(tokens)
    const thirdParty = Option.getOrThrow(first(tokens).issuedTo)
    for (const missing of noInstant) {
      const instant = missing as DateTime.Utc
      const all = everythingOf({ ownedBy })
      yield* isAnError("purge", () => here.purge(instant))
      for (const state of ["live", "dead", "any"] as const) {
        yield* isAnError(`listOwnedBy ${state}`, () => here.listOwnedBy({ ...all, state, now: instant }))
      }
      const after = Option.some({ createdAt: instant, id })
      yield* isAnError("listOwnedBy", () => here.listOwnedBy({ ...all, after }))
      yield* isAnError("countLiveOwnedBy", () => here.countLiveOwnedBy(ownedBy, instant))
      const never = { at: instant, reason: "x" }
      yield* isAnError("revokeOwnedBy", () => here.revokeOwnedBy(ownedBy, never, unattributed))
      yield* isAnError("revokeIssuedTo", () => here.revokeIssuedTo(thirdParty, Option.none(), never, unattributed))
      for (const [from, to] of [
        [instant, at(99)],
        [at(0), instant],
      ] as const) {
        yield* isAnError("liveCreatedBefore", () => Stream.runCollect(here.liveCreatedBefore(from, to)))
        yield* isAnError("expiringBetween", () => Stream.runCollect(here.expiringBetween(from, to)))
      }
    }
    yield* areStored(here, tokens)
  }),

  law("a token with a missing instant is never written", function* ({ here }) {
    for (const missing of noInstant) {
      const instant = missing as DateTime.Utc
      yield* isNeverStored(here, { createdAt: instant })
      yield* isNeverStored(here, { expiresAt: Option.some(instant) })
      yield* isNeverStored(here, { revocation: Option.some({ at: instant, reason: "x" }) })
      for (const state of [retiring(instant), retired(instant)]) {
        yield* isNeverStored(here, { secrets: [aSecret({ generation: 2 }), aSecret({ state })] })
      }
    }
  }),
]

/** Tokens of three owners that the same third party has, one of which is dead. */
const threeTokens = (repository: Repository) => {
  const thirdParty = issuedTo(unique("app"))
  const tokens = [
    aToken({ ...thirdParty, ...expiring(5) }),
    aToken(thirdParty),
    aToken({ ...thirdParty, ...expiring(-5) }),
  ]
  return Effect.as(insertAll(repository, tokens), tokens)
}

/** Asserts that a token with these fields can neither be inserted nor replace another. */
const isNeverStored = (repository: Repository, fields: Partial<ApiToken>) =>
  Effect.gen(function* () {
    const token = aToken({ ownedBy: anOwner(), id: anId() })
    const broken = changed(token, { secrets: [aSecret()], ...fields })
    yield* isAnError("insert", () => repository.insert(broken))
    assert.isTrue(Option.isNone(yield* repository.findById(token.id)), "nothing is written")
    yield* repository.insert(token)
    yield* isAnError("replace", () => repository.replace(broken, token.revision))
    yield* areStored(repository, [token])
    yield* areAbsent(repository, [aToken({ secrets: broken.secrets })])
  })
