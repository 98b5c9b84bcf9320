/** Feeds of changes that are right but for one fault, to see that the changes contract can fail. */
import type { ChangesLawName } from "@tokenry/repository-contract"
import type { OwnerId } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import type { FeedFault, Reported } from "./memoryFeed.ts"

interface ChangesFault {
  readonly name: string
  readonly breaks: ChangesLawName
  readonly fault: FeedFault
}

/** Reports of these writes get lost. */
const silentAfter = (...methods: ReadonlyArray<Reported>): FeedFault => ({
  reporting: (report, method) => (methods.includes(method) ? () => {} : report),
})

const reportsOfReplaces = (): FeedFault => {
  let count = 0
  return {
    reporting: (report, method) => (ids) => {
      if (method !== "replace" || ++count <= 1) report(ids)
    },
  }
}

export const changesFaults: ReadonlyArray<ChangesFault> = [
  {
    name: "silence after an insert",
    breaks: "a token that another connection inserts is reported",
    fault: silentAfter("insert"),
  },
  {
    name: "silence after the second replace",
    breaks: "a token that another connection replaces is reported, each time",
    fault: reportsOfReplaces(),
  },
  {
    name: "silence after a revocation of an owner's tokens",
    breaks: "each token that another connection revokes in bulk is reported",
    fault: silentAfter("revokeOwnedBy"),
  },
  {
    name: "silence after a revocation of an app's tokens",
    breaks: "each token that another connection revokes in bulk is reported",
    fault: silentAfter("revokeIssuedTo"),
  },
  {
    name: "a first batch alone",
    breaks: "each token that another connection revokes in bulk is reported",
    fault: { reporting: (report) => (ids) => report(ids.slice(0, 100)) },
  },
  {
    name: "silence after a purge",
    breaks: "each token that another connection purges is reported",
    fault: silentAfter("purge"),
  },
  {
    name: "a report before the write",
    breaks: "once a change is reported, every read through the store sees it",
    fault: { isHasty: true },
  },
  {
    name: "one listener only",
    breaks: "each of several listeners receives a change",
    fault: {
      changes: ({ follow }, listeners) => ({
        follow: (listener) =>
          Effect.suspend(() => {
            listeners.clear()
            return Effect.map(follow(listener), () => () => true)
          }),
      }),
    },
  },
  {
    name: "a listener that stays",
    breaks: "a listener whose scope is closed receives nothing more, and the others still do",
    fault: {
      changes: (_, listeners) => ({ follow: (listener) => Effect.sync(() => () => listeners.add(listener).size > 0) }),
    },
  },
  {
    name: "owners as words",
    breaks: "an owner that another connection announces is reported, each time",
    fault: {
      changes: ({ announceOwner }) => ({
        announceOwner: (ownedBy) => announceOwner((ownedBy.split(",")[0] ?? "") as OwnerId),
      }),
    },
  },
  {
    name: "anything for an owner",
    breaks: "a missing or empty owner is an error, and nothing is announced",
    fault: { changes: () => ({ announceOwner: () => Effect.void }) },
  },
]
