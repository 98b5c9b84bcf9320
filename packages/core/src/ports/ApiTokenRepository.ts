/** The port to the token store. Every sentence here is a contract that all adapters must keep. */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { DuplicateToken, RepositoryUnavailable, RevisionConflict } from "../errors.ts"
import type { ApiToken, Revocation, VerifiableToken } from "../token/ApiToken.ts"
import type { Attribution } from "../token/Attribution.ts"
import type { Digest } from "../token/Digest.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { KeyId, VerifiableSecret } from "../token/Secret.ts"
import type { TokenId } from "../token/TokenId.ts"

/** The result of a lookup by digest: the fields verifying needs, and the secret the digest belongs to. */
export interface FoundToken {
  readonly token: VerifiableToken
  readonly secret: VerifiableSecret
}

/** A position in an owner's list: right after the token with this creation time and id. */
export interface ListPosition {
  readonly createdAt: DateTime.Utc
  readonly id: TokenId
}

/** A token to write, and the revision that the stored one must have. */
export interface Replacement {
  readonly token: ApiToken
  readonly expectedRevision: number
}

/** `dead` is revoked or expired. */
export type ListState = "live" | "dead" | "any"

export interface ListQuery {
  readonly ownedBy: OwnerId
  readonly state: ListState
  /** The time at which tokens are classified as live or expired. */
  readonly now: DateTime.Utc
  /** Only this token and the tokens minted with it. Default: all of the owner's tokens. */
  readonly lineageOf?: TokenId | undefined
  /** None: start with the newest. */
  readonly after: Option.Option<ListPosition>
  /** At least 1. */
  readonly limit: number
}

/**
 * All methods guarantee:
 *
 * - After a write has returned, every later read through the same store sees it, from any process.
 * - Instants keep their milliseconds, strings come back unchanged, and absent values stay absent.
 * - An outage is a `RepositoryUnavailable`, after a deadline that the adapter states. After one, a write may or may
 *   not have happened.
 * - No failure's message holds a digest.
 * - An owner, an id or an instant that is missing, empty or of another type (from JavaScript) is a defect and never
 *   means "all"; a token with such an instant, or a state of a secret that doesn't exist, is never written.
 * - A damaged record (a field is missing or holds a value no version writes) affects only itself. `findById`,
 *   `findManyById`, `findByDigest` and `replace` of it die with `DamagedToken`, which names id and field; an unknown state
 *   of a secret is damage, never "active". Lists, streams and bulk work leave it out, log one warning with id and field,
 *   and carry on; a list fills its page with the tokens after it. A bulk revocation may still revoke it, and `purge`
 *   may remove it if its time of death is readable.
 * - A persistent adapter stores in each record its version, and the oldest version that can read it. A record with a
 *   higher version than the code's is never overwritten or removed, and one the code can't read is never accepted. Both
 *   fail with a `RepositoryUnavailable` whose cause says a newer version wrote it; bulk work skips and logs it.
 */
export class ApiTokenRepository extends Context.Service<
  ApiTokenRepository,
  {
    /** Adds a token. Atomic: if its id or one of its digests exists already, nothing is written. */
    readonly insert: (token: ApiToken) => Effect.Effect<void, DuplicateToken | RepositoryUnavailable>

    /** The token with this id, including secrets and history; none if it doesn't exist. */
    readonly findById: (id: TokenId) => Effect.Effect<Option.Option<ApiToken>, RepositoryUnavailable>

    /** The tokens that exist, in any order, in one query. With no ids, no query runs. */
    readonly findManyById: (
      ids: ReadonlyArray<TokenId>,
    ) => Effect.Effect<ReadonlyArray<VerifiableToken>, RepositoryUnavailable>

    /**
     * The token that has a secret with one of these digests, whatever the state of token and secret; none if no token
     * has. This is the hot path: one indexed lookup, no write. There is one candidate per key of the key ring, of which
     * at most one exists.
     *
     * A synchronous adapter may look the token up when the method is called and return an `Exit`, which needs no fiber.
     * So call the method when you want the answer; don't keep the effect to run it later. A `LookedUpToken` saves making
     * a `DateTime` of the expiry.
     */
    readonly findByDigest: (
      candidates: ReadonlyArray<Digest>,
    ) => Effect.Effect<Option.Option<FoundToken>, RepositoryUnavailable>

    /**
     * Atomic compare-and-set: writes the token if the stored one still has the expected revision, which is lower than the
     * token's own. Otherwise writes nothing and fails: with `RevisionConflict` if the revision differs or the token is
     * gone, with `DuplicateToken` if another token has one of its digests. Of any number of concurrent calls with the
     * same expected revision, exactly one succeeds.
     */
    readonly replace: (
      token: ApiToken,
      expectedRevision: number,
    ) => Effect.Effect<void, RevisionConflict | DuplicateToken | RepositoryUnavailable>

    /**
     * `replace` for many tokens in few writes. Each is its own compare-and-set: a conflict or a duplicate leaves that
     * token unchanged and affects no other. Returns the ids of the unchanged ones. After an outage, some tokens may have
     * been written. Optional: without it, the core calls `replace` for each.
     */
    readonly replaceMany?: (
      replacements: ReadonlyArray<Replacement>,
    ) => Effect.Effect<ReadonlyArray<TokenId>, RepositoryUnavailable>

    /**
     * Revokes all of the owner's unrevoked tokens, including expired ones, and returns how many. Each one gets a history
     * entry and a higher revision. Idempotent: tokens already revoked are left unchanged and not counted. Atomic per
     * token only: a token inserted concurrently may be missed, and an outage may leave the work half done.
     */
    readonly revokeOwnedBy: (
      ownedBy: OwnerId,
      revocation: Revocation,
      by: Attribution,
    ) => Effect.Effect<number, RepositoryUnavailable>

    /** The same for all tokens issued to a third party, by one owner or (none) by any owner. */
    readonly revokeIssuedTo: (
      issuedTo: string,
      ownedBy: Option.Option<OwnerId>,
      revocation: Revocation,
      by: Attribution,
    ) => Effect.Effect<number, RepositoryUnavailable>

    /**
     * A page of the owner's tokens, newest first (by `createdAt`, then by `id`, both descending). Has `limit` tokens
     * unless fewer are left. For the next page, pass the position of the last token. A token that exists throughout
     * appears exactly once, one added or removed in the meantime at most once, even if many share a creation time.
     */
    readonly listOwnedBy: (query: ListQuery) => Effect.Effect<ReadonlyArray<ApiToken>, RepositoryUnavailable>

    /** How many of the owner's tokens are neither revoked nor expired at `now`. */
    readonly countLiveOwnedBy: (ownedBy: OwnerId, now: DateTime.Utc) => Effect.Effect<number, RepositoryUnavailable>

    /**
     * All tokens created before the instant and live at `now`, oldest first. Read in batches: a token changed during the
     * stream appears in its old or its new state.
     */
    readonly liveCreatedBefore: (
      instant: DateTime.Utc,
      now: DateTime.Utc,
    ) => Stream.Stream<ApiToken, RepositoryUnavailable>

    /** All unrevoked tokens with `from <= expiresAt < to`, soonest first. Read in batches. */
    readonly expiringBetween: (from: DateTime.Utc, to: DateTime.Utc) => Stream.Stream<ApiToken, RepositoryUnavailable>

    /**
     * All tokens that have a secret stored under this key (none: plain SHA-256), whatever their state, each once and in
     * any order. Read in batches, so tokens can be replaced during the stream.
     */
    readonly withKey: (keyId: Option.Option<KeyId>) => Stream.Stream<ApiToken, RepositoryUnavailable>

    /** All tokens with changes the audit sink has not confirmed, in any order. Read in batches. */
    readonly undelivered: Stream.Stream<ApiToken, RepositoryUnavailable>

    /**
     * Marks all of the token's changes as confirmed by the audit sink if the token still has this revision; otherwise a
     * no-op. The only write that doesn't raise the revision: a concurrent `replace` makes the changes undelivered again.
     */
    readonly markDelivered: (id: TokenId, revision: number) => Effect.Effect<void, RepositoryUnavailable>

    /** The key ids of all stored secrets, each once. None stands for plain SHA-256. */
    readonly keyIdsInUse: Effect.Effect<ReadonlyArray<Option.Option<KeyId>>, RepositoryUnavailable>

    /**
     * Removes tokens that died (were revoked or expired, whichever came first) before the instant, with their secrets and
     * all tokens minted with them, which are dead as well. Returns how many. Runs in batches.
     */
    readonly purge: (diedBefore: DateTime.Utc) => Effect.Effect<number, RepositoryUnavailable>
  }
>()("@tokenry/core/ApiTokenRepository") {}
