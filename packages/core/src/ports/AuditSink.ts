/** The port to whoever has to know of every change: a security log, a message queue. Optional. */
import { Context, Data, type DateTime, Effect, Layer, type Option } from "effect"
import type { Actor, Origin } from "../token/Attribution.ts"
import type { ChangeKind } from "../token/Change.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { TokenId } from "../token/TokenId.ts"
import type { TokenName } from "../token/TokenName.ts"

/** One change of one token. Nothing in it is secret. */
export interface AuditEvent {
  readonly tokenId: TokenId
  readonly ownedBy: OwnerId
  /** What the token is called now. */
  readonly name: TokenName
  readonly kind: ChangeKind
  readonly at: DateTime.Utc
  readonly actor: Actor
  readonly origin: Origin
  readonly detail: Option.Option<string>
}

/** The sink did not take the events. They will be told again. */
export class AuditSinkUnavailable extends Data.TaggedError("AuditSinkUnavailable")<{ readonly cause: unknown }> {
  override get message(): string {
    return "The audit sink does not take events"
  }
}

export class AuditSink extends Context.Service<
  AuditSink,
  {
    /**
     * Told at least once of each change that is in a token's history, the oldest of a token first, after the change was
     * written; again after a crash in between, after a failure, and by each process that finds it undelivered. So take what is
     * told twice for one: an event is the same if all of it is the same. After success it is not told again.
     *
     * While the sink is away, a token can change 16 times; then edits and rotations of it fail as an outage, until the sink
     * has its changes. Revocations never wait.
     */
    readonly deliver: (events: ReadonlyArray<AuditEvent>) => Effect.Effect<void, AuditSinkUnavailable>
  }
>()("@tokenry/core/AuditSink") {
  /** A sink from a function that may be asynchronous. If it throws or rejects, it will be told again. */
  static layerFrom(deliver: (events: ReadonlyArray<AuditEvent>) => void | Promise<void>): Layer.Layer<AuditSink> {
    return Layer.succeed(AuditSink, {
      deliver: (events) =>
        Effect.tryPromise({ try: async () => deliver(events), catch: (cause) => new AuditSinkUnavailable({ cause }) }),
    })
  }
}
