/** The port through which a store reports what other processes changed. Optional. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RepositoryUnavailable } from "../errors.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { TokenId } from "../token/TokenId.ts"

/** Receives changes. Its methods are synchronous, never throw, and may be called more often than necessary. */
export interface TokenChangeListener {
  /** This token was added, changed or removed. Tokens minted with it may have other rights now. */
  readonly tokenChanged: (id: TokenId) => void
  /** A process announced that this owner's rights changed. */
  readonly ownerChanged: (ownedBy: OwnerId) => void
  /** Any number of tokens and owners may have changed; the feed can't say which. */
  readonly everythingChanged: () => void
}

/**
 * Whether the feed follows the store at `now`, in milliseconds of the monotonic clock (`Clock.monotonicTimeNanos`).
 *
 * - `true`: every change that was committed earlier than the lag that the adapter states has reached the listener. A call
 *   may pass changes to the listener before it returns.
 * - `false`: the feed is interrupted, and changes may be missing. Before it follows again, it calls `everythingChanged`,
 *   even if nobody asked in between.
 *
 * Synchronous, and cheap enough to be called before each use of a cached entry: well under a microsecond on average.
 */
export type IsFollowing = (now: number) => boolean

/**
 * A feed of changes. It belongs to a repository, and the store's layer provides both.
 *
 * - A change arrives only after reads through the repository see it.
 * - A change through another connection or process arrives at least once while the feed follows. Changes through this
 *   repository itself may arrive or not.
 * - Changes of tokens are reported, in single and in bulk writes alike. Uses, and `markDelivered`, need not be.
 * - Losing the feed loses no correctness: a cache also discards everything after its `maxStaleness`.
 */
export class TokenChanges extends Context.Service<
  TokenChanges,
  {
    /**
     * Passes changes to the listener until the scope closes, and none after that. It never fails: a feed that can't be
     * established is interrupted, and tries again by itself. `undefined`: the store's settings rule a feed out, and
     * nothing will ever be reported.
     */
    readonly follow: (listener: TokenChangeListener) => Effect.Effect<IsFollowing | undefined, never, Scope.Scope>

    /** Tells all processes that this owner's rights changed. After an outage they may or may not know. */
    readonly announceOwner: (ownedBy: OwnerId) => Effect.Effect<void, RepositoryUnavailable>
  }
>()("@tokenry/core/TokenChanges") {}
