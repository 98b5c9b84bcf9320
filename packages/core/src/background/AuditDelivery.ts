/** Tells the audit sink of every change at least once, whatever fails in between. */
import { Cause, Clock, Effect, Stream } from "effect"
import { RepositoryUnavailable } from "../errors.ts"
import type { ApiTokenRepository } from "../ports/ApiTokenRepository.ts"
import { type AuditEvent, type AuditSink, AuditSinkUnavailable } from "../ports/AuditSink.ts"
import { ApiToken } from "../token/ApiToken.ts"
import type { Change } from "../token/Change.ts"
import { makeLaterWork } from "./LaterWork.ts"

/**
 * The token with room for another change in its history: if too many wait for the audit sink, it has them first. Fails if
 * the sink doesn't take them now.
 */
export type MakeRoom = (token: ApiToken) => Effect.Effect<ApiToken, RepositoryUnavailable>

interface AuditDelivery {
  /** Tells of the token's changes soon; of those that can't be told now, at the next search. */
  readonly changed: (token: ApiToken) => void
  /** Tells soon of all that is undelivered in the store, after changes of many tokens at once. */
  readonly changedMany: () => void
  /** Tells now of all that is undelivered in the store. */
  readonly deliverEverything: Effect.Effect<void, AuditSinkUnavailable | RepositoryUnavailable>
  readonly makeRoom: MakeRoom
}

/** How long the sink may take for one token. */
const patience = "30 seconds"

/** After how many failures a search is given up until the next one. */
const failuresAtMost = 10

/** How often the store is searched for changes that nobody has told: after a crash, or an outage of the sink. */
const searchInterval = "1 minute"

/** How long the process that made a change has to tell of it, before another one does. */
const precedenceMilliseconds = 30_000

/** How many changed tokens may wait to be told of. What finds no place is found by the search. */
const capacity = 1000

/** Tells until its scope closes, and then of what is waiting: for five seconds at most. */
export const makeAuditDelivery = Effect.fnUntraced(function* (
  repository: ApiTokenRepository["Service"],
  sink: AuditSink["Service"],
) {
  const deliver = (token: ApiToken) =>
    Effect.suspend(() => sink.deliver(token.undeliveredChanges.map((change) => eventOf(token, change)))).pipe(
      Effect.andThen(repository.markDelivered(token.id, token.revision)),
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.fail(new AuditSinkUnavailable({ cause: "it hangs" })),
      }),
    )

  /** What one token fails at does not keep the others from being told. How many failed; it gives up after ten. */
  const deliverAll = (changedBefore: number) =>
    Effect.suspend(() => {
      let failures = 0
      // A stream takes whole chunks at a time, so each token is asked about again.
      const attempt = (token: ApiToken) =>
        failures >= failuresAtMost
          ? Effect.void
          : Effect.catchCause(deliver(token), () =>
              Effect.sync(() => {
                failures += 1
              }),
            )
      return repository.undelivered.pipe(
        Stream.filter((token) => (token.history.at(-1)?.at.epochMilliseconds ?? 0) <= changedBefore),
        Stream.takeWhile(() => failures < failuresAtMost),
        Stream.runForEach(attempt),
        Effect.map(() => failures),
      )
    })

  const deliverEverything = Effect.flatMap(deliverAll(Infinity), (failures) =>
    failures === 0
      ? Effect.void
      : Effect.fail(new AuditSinkUnavailable({ cause: `${failures} tokens could not be told of` })),
  )

  const search = Effect.flatMap(Clock.currentTimeMillis, (now) => deliverAll(now - precedenceMilliseconds))

  const later = yield* makeLaterWork<Effect.Effect<void, unknown>>("Telling the audit sink", capacity, (work) => work)
  yield* Effect.catchCause(search, () => Effect.logWarning("Undelivered changes could not be searched for")).pipe(
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
