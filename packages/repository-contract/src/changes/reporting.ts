/** Which changes a feed reports: every change another connection makes to a token. */
import { ApiToken } from "@tokenry/core"
import { unattributed } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { changesLaw, type TokensAndChanges } from "../ChangesLaw.ts"
import { areAbsent, insertAll, storedIn } from "../steps.ts"
import { anOwner, at, aToken, changed, endOfTime, issuedTo, manyTokens, named, revoked, unique } from "../tokens.ts"
import { concern, hearing } from "./hearing.ts"

/** Makes the change while a listener follows here, and waits until each token has been reported. */
const isReported = <E>(here: TokensAndChanges, tokens: ReadonlyArray<ApiToken>, change: Effect.Effect<unknown, E>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { reports, until } = yield* hearing(here)
      yield* change
      yield* until("a changed token was not reported", () => tokens.every((token) => concern(reports, token)))
    }),
  )

export const reportingLaws = [
  changesLaw("a token that another connection inserts is reported", function* ({ here, there }) {
    const token = aToken()
    yield* isReported(here, [token], there.repository.insert(token))
  }),

  changesLaw("a token that another connection replaces is reported, each time", function* ({ here, there }) {
    let token = aToken()
    yield* there.repository.insert(token)
    for (let round = 0; round < 5; round++) {
      const renamed = changed(token, { name: named(`round ${round}`) })
      yield* isReported(here, [token], there.repository.replace(renamed, token.revision))
      token = renamed
    }
  }),

  changesLaw("each token that another connection revokes in bulk is reported", function* ({ here, there }) {
    const revocation = { at: at(0), reason: "on request" }
    const ownedBy = anOwner()
    const owned = manyTokens(250, () => ({ ownedBy }))
    yield* insertAll(here.repository, owned)
    yield* isReported(here, owned, there.repository.revokeOwnedBy(ownedBy, revocation, unattributed))

    const app = unique("app")
    const issued = manyTokens(250, () => issuedTo(app))
    yield* insertAll(here.repository, issued)
    yield* isReported(here, issued, there.repository.revokeIssuedTo(app, Option.none(), revocation, unattributed))
  }),

  changesLaw("each token that another connection purges is reported", function* ({ here, there }) {
    yield* here.repository.purge(endOfTime)
    const dead = manyTokens(250, () => revoked(1))
    const minted = dead.map(({ id }) => aToken({ ancestors: [id] }))
    yield* insertAll(here.repository, [...dead, ...minted])
    yield* isReported(here, [...dead, ...minted], there.repository.purge(at(100)))
    yield* areAbsent(here.repository, dead)
  }),

  changesLaw("once a change is reported, every read through the store sees it", function* ({ here, there, runs }) {
    const token = aToken()
    yield* there.repository.insert(token)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const { reports, until, forget } = yield* hearing(here)
        let seen = token.revision
        const readAgain = Effect.gen(function* () {
          if (concern(reports, token)) {
            forget()
            seen = (yield* storedIn(here.repository, token.id)).revision
          }
          yield* Effect.sleep(1)
        })
        yield* Effect.forkScoped(Effect.forever(readAgain))
        for (let revision = token.revision; revision < token.revision + runs; revision++) {
          const next = new ApiToken({ ...token, name: named(`revision ${revision + 1}`), revision: revision + 1 })
          yield* there.repository.replace(next, revision)
          yield* until("a read after the report still returned the old state", () => seen === revision + 1)
        }
      }),
    )
  }),
] as const
