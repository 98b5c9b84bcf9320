/** Laws for missing or empty arguments from JavaScript callers: an error, never "all". */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { Change, type Digest, type OwnerId, type TokenId, unattributed } from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { law, type Repository } from "../Law.ts"
import { areAbsent, areStored, everythingOf, insertAll, isAnError } from "../steps.ts"
import {
  aDigest,
  anId,
  anOwner,
  aSecret,
  at,
  aToken,
  changed,
  expiring,
  issuedTo,
  named,
  retired,
  retiring,
  unique,
} from "../tokens.ts"

/** What untyped programs may pass instead of a string. Some stores would treat the last one as a filter. */
export const noText: ReadonlyArray<unknown> = [undefined, null, "", {}, { $ne: "" }]
const noInstant: ReadonlyArray<unknown> = [
  undefined,
  null,
  "",
  "soon",
  "2026-01-01T00:00:00Z",
  0,
  {},
  { epochMilliseconds: Number.NaN },
]
export const noRevision: ReadonlyArray<unknown> = [undefined, null, "", Number.NaN, {}, { $ne: 0 }]
const noDigest: ReadonlyArray<unknown> = [undefined, null, "", {}, { hex: null }, { hex: "" }, { hex: { $ne: "" } }]

const revocation = { at: at(0), reason: "x" }

export const missingLaws = [
  law("a missing or empty owner is an error, and nothing is read or changed", function* ({ here }) {
    yield* holdsBeforeAndAfterInserts(here, ([{ issuedTo }]) =>
      Effect.forEach(noText, (missing) =>
        Effect.gen(function* () {
          const thirdParty = Option.getOrThrow(issuedTo)
          const owner = missing as OwnerId
          yield* isAnError("revokeOwnedBy", () => here.revokeOwnedBy(owner, revocation, unattributed))
          const some = Option.some(owner)
          yield* isAnError("revokeIssuedTo", () => here.revokeIssuedTo(thirdParty, some, revocation, unattributed))
          const option = noText[0] as Option.Option<OwnerId>
          yield* isAnError("revokeIssuedTo", () => here.revokeIssuedTo(thirdParty, option, revocation, unattributed))
          yield* isAnError("listOwnedBy", () => here.listOwnedBy(everythingOf({ ownedBy: owner })))
          yield* isAnError("countLiveOwnedBy", () => here.countLiveOwnedBy(owner, at(0)))
        }),
      ),
    )
    for (const missing of noText) yield* isNeverStored(here, { ownedBy: missing as OwnerId })
  }),

  law("a missing or empty third party is an error, and changes nothing", function* ({ here }) {
    yield* holdsBeforeAndAfterInserts(here, ([{ ownedBy }]) =>
      Effect.forEach(noText, (missing) =>
        Effect.forEach([Option.none(), Option.some(ownedBy)], (owner) =>
          isAnError("revokeIssuedTo", () => here.revokeIssuedTo(missing as string, owner, revocation, unattributed)),
        ),
      ),
    )
  }),

  law("a missing or empty id is an error, and nothing is read or changed", function* ({ here }) {
    yield* holdsBeforeAndAfterInserts(here, ([token]) =>
      Effect.forEach(noText, (missing) =>
        Effect.gen(function* () {
          const id = missing as TokenId
          yield* isAnError("findById", () => here.findById(id))
          yield* isAnError("findManyById", () => here.findManyById([token.id, id]))
          const after = Option.some({ createdAt: at(9), id })
          yield* isAnError("listOwnedBy", () => here.listOwnedBy({ ...everythingOf(token), after }))
          const nameless = aToken({ id })
          yield* isAnError("insert", () => here.insert(nameless))
          yield* isAnError("replace", () => here.replace(changed(nameless, {}), 1))
          assert.isTrue(Option.isNone(yield* here.findByDigest([nameless.secrets[0].digest])), "nothing is written")
        }),
      ),
    )
  }),

  law("a missing or invalid instant is an error, and nothing is read or changed", function* ({ here }) {
    yield* holdsBeforeAndAfterInserts(here, ([{ ownedBy, id, issuedTo }]) =>
      Effect.forEach(noInstant, (missing) =>
        Effect.gen(function* () {
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
          const thirdParty = Option.getOrThrow(issuedTo)
          yield* isAnError("revokeOwnedBy", () => here.revokeOwnedBy(ownedBy, never, unattributed))
          yield* isAnError("revokeIssuedTo", () => here.revokeIssuedTo(thirdParty, Option.none(), never, unattributed))
          for (const [from, to] of [
            [instant, at(99)],
            [at(0), instant],
          ] as const) {
            yield* isAnError("liveCreatedBefore", () => Stream.runCollect(here.liveCreatedBefore(from, to)))
            yield* isAnError("expiringBetween", () => Stream.runCollect(here.expiringBetween(from, to)))
          }
        }),
      ),
    )
  }),

  law("a missing revision is an error rather than a wildcard", function* ({ here }) {
    yield* holdsBeforeAndAfterInserts(here, ([token]) =>
      Effect.forEach(noRevision, (missing) => {
        const next = changed(token, { name: named("another") })
        return isAnError("replace", () => here.replace(next, missing as number))
      }),
    )
  }),

  law("a missing digest finds no token", function* ({ here }) {
    yield* holdsBeforeAndAfterInserts(here, () =>
      Effect.forEach(noDigest, (missing) =>
        Effect.gen(function* () {
          const digest = missing as Digest
          for (const candidates of [[digest], [digest, digest], [aDigest(), digest]]) {
            const exit = yield* Effect.exit(Effect.suspend(() => here.findByDigest(candidates)))
            assert.isTrue(Exit.isFailure(exit) || Option.isNone(exit.value), "it is an error, or there is none")
          }
        }),
      ),
    )
  }),

  law("a token with a missing instant is never written", function* ({ here }) {
    for (const missing of noInstant) {
      const instant = missing as DateTime.Utc
      yield* isNeverStored(here, { createdAt: instant })
      yield* isNeverStored(here, { expiresAt: Option.some(instant) })
      yield* isNeverStored(here, { revocation: Option.some({ at: instant, reason: "x" }) })
      yield* isNeverStored(here, { history: [Change.make("issued", instant, unattributed)] })
      for (const state of [retiring(instant), retired(instant)]) {
        yield* isNeverStored(here, { secrets: [aSecret({ generation: 2 }), aSecret({ state })] })
      }
    }
  }),
]

/**
 * Checks tokens that three owners issued to the same third party, one of them dead: before they are inserted, when a
 * new store is still empty, and afterwards.
 */
const holdsBeforeAndAfterInserts = <E>(
  repository: Repository,
  holds: (tokens: readonly [ApiToken, ...ReadonlyArray<ApiToken>]) => Effect.Effect<unknown, E>,
) =>
  Effect.gen(function* () {
    const thirdParty = issuedTo(unique("app"))
    const tokens = [
      aToken({ ...thirdParty, ...expiring(5) }),
      aToken(thirdParty),
      aToken({ ...thirdParty, ...expiring(-5) }),
    ] as const
    yield* holds(tokens)
    yield* areAbsent(repository, tokens)
    yield* insertAll(repository, tokens)
    yield* holds(tokens)
    yield* areStored(repository, tokens)
  })

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
