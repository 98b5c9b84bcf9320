/** How laws follow a feed and wait for its reports. */
import type { ApiToken } from "@tokenry/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { TokensAndChanges } from "../ChangesLaw.ts"

/** Everything the feed has reported to one listener. */
export interface Reports {
  readonly tokens: Set<string>
  readonly owners: Set<string>
  everything: number
}

/** How long to wait for a report before the law counts as broken. */
const patience = "50 seconds"

/** Follows the feed and waits until it is ready. Discards earlier reports. */
export const hearing = Effect.fnUntraced(function* ({ changes }: TokensAndChanges) {
  const reports: Reports = { tokens: new Set(), owners: new Set(), everything: 0 }
  const isFollowing = yield* changes.follow({
    tokenChanged: (id) => void reports.tokens.add(id),
    ownerChanged: (ownedBy) => void reports.owners.add(ownedBy),
    everythingChanged: () => void (reports.everything += 1),
  })
  if (isFollowing === undefined) return yield* Effect.die(new Error("AssertionError: this feed can't be followed"))
  const now = Effect.map(Clock.monotonicTimeNanos, (nanoseconds) => Number(nanoseconds) / 1e6)
  /** Polls the feed as a cache would, until it follows and the condition holds. */
  const until = (what: string, condition: () => boolean = () => true) =>
    Effect.gen(function* () {
      while (!(isFollowing(yield* now) && condition())) yield* Effect.sleep(1)
    }).pipe(
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.die(new Error(`AssertionError: in ${patience}, ${what}`)),
      }),
    )
  const forget = () => {
    reports.tokens.clear()
    reports.owners.clear()
    reports.everything = 0
  }
  yield* until("the feed did not follow")
  forget()
  return { reports, until, forget, isFollowing: Effect.map(now, isFollowing) }
})

/** Whether the reports say that this token, or what it depends on, may have changed. */
export const concern = ({ tokens, owners, everything }: Reports, { id, ownedBy, ancestors }: ApiToken): boolean =>
  everything > 0 || owners.has(ownedBy) || [id, ...ancestors].some((id) => tokens.has(id))
