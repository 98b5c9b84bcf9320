/** Delivers every change to the audit sink at least once, despite crashes and outages. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { RepositoryUnavailable } from "../errors.ts"
import type { Repository } from "../ports/Repository.ts"
import { streamModule } from "../ports/lazily.ts"
import { type AuditEvent, type AuditSink, AuditSinkUnavailable } from "../ports/AuditSink.ts"
import { ApiToken } from "../token/ApiToken.ts"
import type { Change } from "../token/Change.ts"
import { makeLaterWork } from "./LaterWork.ts"

/**
 * The token with room for another change in its history: if too many are pending, the audit sink receives them first.
 * Fails if the sink doesn't accept them now.
 */
export type MakeRoom = (token: ApiToken) => Effect.Effect<ApiToken, RepositoryUnavailable>

interface AuditDelivery {
  /** Delivers the token's changes soon. If that fails, the next search finds them. */
  readonly changed: (token: ApiToken) => void
  /** Delivers all pending changes in the store soon, after a bulk change. */
  readonly changedMany: () => void
  /** Delivers all pending changes in the store now. */
  readonly deliverEverything: Effect.Effect<void, AuditSinkUnavailable | RepositoryUnavailable>
  readonly makeRoom: MakeRoom
}

/** The time limit for the sink to accept one token's changes. */
const patience = "30 seconds"

/** How many failures end a search. The next one tries again. */
const failuresAtMost = 10

/** How often to search the store for changes left undelivered by a crash or an outage of the sink. */
const searchInterval = "1 minute"

/** How long the process that made a change has to deliver it before others do. */
const precedenceMilliseconds = 30_000

/** How many changed tokens can be queued. The search finds the rest. */
const capacity = 1000

/** Delivers changes until the scope closes, then spends up to five seconds on the queue. */
export const makeAuditDelivery = Effect.fnUntraced(function* (repository: Repository, sink: AuditSink["Service"]) {
  /** Reads the changes when called: until they are delivered, anyone who has the token might alter its history. */
  const deliver = (token: ApiToken) => {
    const events = token.undeliveredChanges.map((change) => eventOf(token, change))
    return Effect.suspend(() => sink.deliver(events)).pipe(
      Effect.andThen(repository.markDelivered(token.id, token.revision)),
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.fail(new AuditSinkUnavailable({ cause: "timed out after 30 seconds" })),
      }),
    )
  }

  /**
   * A failure for one token doesn't stop delivery of the others. Returns the number of failures; gives up after ten.
   */
  const deliverAll = (changedBefore: number) =>
    Effect.gen(function* () {
      const Stream = yield* streamModule
      let failures = 0
      // A stream reads whole chunks ahead, so read each token again.
      const attempt = (token: ApiToken) =>
        failures >= failuresAtMost
          ? Effect.void
          : Effect.catchCause(deliver(token), () =>
              Effect.sync(() => {
                failures += 1
              }),
            )
      yield* (yield* repository.undelivered).pipe(
        Stream.filter((token) => (token.history.at(-1)?.at.epochMilliseconds ?? 0) <= changedBefore),
        Stream.takeWhile(() => failures < failuresAtMost),
        Stream.runForEach(attempt),
      )
      return failures
    })

  const deliverEverything = Effect.flatMap(deliverAll(Infinity), (failures) =>
    failures === 0
      ? Effect.void
      : Effect.fail(new AuditSinkUnavailable({ cause: `the changes of ${failures} tokens could not be delivered` })),
  )

  const search = Effect.flatMap(Clock.currentTimeMillis, (now) => deliverAll(now - precedenceMilliseconds))

  const later = yield* makeLaterWork<Effect.Effect<void, unknown>>(
    "Delivering to the audit sink",
    capacity,
    (work) => work,
  )
  yield* Effect.catchCause(search, () => Effect.logWarning("Could not search for undelivered changes")).pipe(
    Effect.andThen(Effect.sleep(searchInterval)),
    Effect.forever,
    Effect.forkScoped,
  )

  const delivery: AuditDelivery = {
    changed: (token) => void (token.undelivered > 0 && later.add(deliver(token))),
    changedMany: () => void later.add(deliverEverything),
    deliverEverything,
    makeRoom: (token) =>
      token.isFullOfUndelivered
        ? deliver(token).pipe(
            Effect.catchCause((cause) =>
              Effect.fail(new RepositoryUnavailable({ operation: "deliver", cause: Cause.squash(cause) })),
            ),
            Effect.as(new ApiToken({ ...token, undelivered: 0 })),
          )
        : Effect.succeed(token),
  }
  return delivery
})

const eventOf = ({ id, ownedBy, name }: ApiToken, change: Change): AuditEvent => ({
  tokenId: id,
  ownedBy,
  name,
  ...change,
})
