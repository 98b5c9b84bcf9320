/** The change feed: LISTEN on its own connection, which proves every second that it still delivers. */
import { OwnerId, type TokenChangeListener, TokenChanges, type TokenId } from "@tokenry/core/adapter"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import type { PostgresPoolClientLike } from "./Driver.ts"
import type { PostgresDatabase } from "./PostgresDatabase.ts"
import { forDriver, planned } from "./Statement.ts"
import { type Tables, tokenPrefix } from "./tables.ts"

/** Opens a dedicated connection. Releasing it with an error closes it. */
export type ConnectListener = () => Promise<PostgresPoolClientLike>

/** In milliseconds. */
const beatEvery = 1000
/** The maximum age of the newest proof. A silently dropped connection is noticed after that. */
const patience = 3000
/** How long to wait before the next attempt to connect, with jitter. */
const retryAfter = 500

/** `connect` is missing where LISTEN can't work: in a caller's transaction, or behind a transaction pooler. */
export const changesOn = (
  database: PostgresDatabase,
  { channel }: Tables,
  connect: ConnectListener | undefined,
): TokenChanges["Service"] =>
  TokenChanges.of({
    follow: (listener) =>
      connect === undefined || channel === undefined ? notFollowed : follow(connect, channel, listener),

    announceOwner: (ownedBy) =>
      Effect.suspend(() => {
        const payload = ownerPrefix + OwnerId.assert(ownedBy)
        if (channel === undefined) return Effect.void
        return Effect.asVoid(database.write("announceOwner", (query) => query(notify, [channel, payload])))
      }),
  })

const notFollowed = Effect.succeed(undefined)
const notify = planned("SELECT pg_notify($1, $2)")

const ownerPrefix = "owner "

/** Reports what a payload says. Ignores payloads of newer versions. */
const report = (payload: string, { tokenChanged, ownerChanged, everythingChanged }: TokenChangeListener): void => {
  if (payload.startsWith(tokenPrefix)) tokenChanged(payload.slice(tokenPrefix.length) as TokenId)
  else if (payload.startsWith(ownerPrefix)) ownerChanged(payload.slice(ownerPrefix.length) as OwnerId)
  else everythingChanged()
}

/**
 * PostgreSQL delivers notifications in commit order. So when a heartbeat comes back, everything committed before it was
 * sent has arrived. The feed follows while the newest such heartbeat is younger than `patience`.
 */
const follow = Effect.fnUntraced(function* (
  connect: ConnectListener,
  channel: string,
  listener: TokenChangeListener,
): Effect.fn.Return<(now: number) => boolean, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  let isOpen = true
  let provenAt = -Infinity
  const isFollowing = (now: number) => isOpen && now - provenAt < patience

  /** A feed that was interrupted for a while may have missed changes, even if its connection survived. */
  const prove = (sentAt: number) => {
    if (!isFollowing(now())) listener.everythingChanged()
    provenAt = Math.max(provenAt, sentAt)
  }

  const session = Effect.gen(function* () {
    const beats = `${channel}_${randomUUID().slice(0, 8)}`
    const lost = yield* Deferred.make<never, unknown>()
    const lose = (error: unknown) => void Deferred.doneUnsafe(lost, Effect.fail(error))
    const client = yield* connection(connect, lose)
    const run = (text: string, values: ReadonlyArray<unknown> = []) =>
      Effect.tryPromise(() => client.query(forDriver(planned(text), values, false))).pipe(Effect.timeout(patience))

    client.on("notification", ({ channel, payload = "" }) => {
      if (!isOpen) return
      if (channel === beats) prove(Number(payload))
      else report(payload, listener)
    })
    const listensFrom = now()
    yield* run(`LISTEN "${channel}"; LISTEN "${beats}"`)
    prove(listensFrom)
    const beat = Effect.gen(function* () {
      yield* run("SELECT pg_notify($1, $2)", [beats, String(now())])
      yield* Effect.sleep(beatEvery)
      if (!isFollowing(now())) yield* Effect.fail("No proof that notifications arrive")
    })
    yield* Effect.raceFirst(Effect.forever(beat), Deferred.await(lost))
  })

  const attempt = Effect.scoped(session).pipe(
    Effect.ignore,
    Effect.ensuring(Effect.sync(() => void (provenAt = -Infinity))),
  )
  const pause = Effect.suspend(() => Effect.sleep(retryAfter * (0.5 + Math.random())))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(attempt, pause)))
  yield* Effect.addFinalizer(() => Effect.sync(() => void (isOpen = false)))
  return isFollowing
})

/** Closed with the scope: its LISTEN state must not pass to another user of the connection. */
const connection = (connect: ConnectListener, onLost: (error: unknown) => void) =>
  Effect.acquireRelease(
    Effect.tryPromise(connect).pipe(
      Effect.tap((client) =>
        Effect.sync(() => {
          client.on("error", onLost)
          client.on("end", () => onLost(new Error("The connection has ended")))
        }),
      ),
    ),
    (client) => Effect.sync(() => client.release(new Error("The feed of changes has ended"))),
  )
