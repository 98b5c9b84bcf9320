/** The port to a log of every change: a security log, a message queue. Optional. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { Actor, Origin } from "../token/Attribution.ts"
import type { ChangeKind } from "../token/Change.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { TokenId } from "../token/TokenId.ts"
import type { TokenName } from "../token/TokenName.ts"

/** One change of one token. Nothing in it is secret. */
export interface AuditEvent {
  readonly tokenId: TokenId
  readonly ownedBy: OwnerId
  /** The token's current name. */
  readonly name: TokenName
  readonly kind: ChangeKind
  readonly at: DateTime.Utc
  readonly actor: Actor
  readonly origin: Origin
  readonly detail: Option.Option<string>
}

/** The sink didn't accept the events. They will be delivered again. */
export class AuditSinkUnavailable extends Data.TaggedError("AuditSinkUnavailable")<{ readonly cause: unknown }> {
  override get message(): string {
    return "The audit sink doesn't accept events"
  }
}

export class AuditSink extends Context.Service<
  AuditSink,
  {
    /**
     * Receives every change in a token's history at least once, after it is written and oldest first per token. Delivery
     * repeats after a crash or a failure, and several processes may deliver the same change, so discard duplicates: two
     * events are the same if all their fields are equal. Changes are not delivered again after success.
     *
     * While the sink is down, a token can change 16 times. After that, its edits and rotations fail with an outage until
     * the sink has accepted its changes. Revocations never wait.
     */
    readonly deliver: (events: ReadonlyArray<AuditEvent>) => Effect.Effect<void, AuditSinkUnavailable>
  }
>()("@tokenry/core/AuditSink") {
  /** A sink from a function, which may be asynchronous. If it throws or rejects, it is called again later. */
  static layerFrom(deliver: (events: ReadonlyArray<AuditEvent>) => void | Promise<void>): Layer.Layer<AuditSink> {
    return Layer.succeed(AuditSink, {
      deliver: (events) =>
        Effect.tryPromise({ try: async () => deliver(events), catch: (cause) => new AuditSinkUnavailable({ cause }) }),
    })
  }
}
