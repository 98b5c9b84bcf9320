/** The port to the store of tokens. What stands here is a contract: every adapter keeps each sentence of it. */
import { Context, type DateTime, type Effect, type Option, type Stream } from "effect"
import type { DuplicateToken, RepositoryUnavailable, RevisionConflict } from "../errors.ts"
import type { ApiToken, Revocation, VerifiableToken } from "../token/ApiToken.ts"
import type { Attribution } from "../token/Attribution.ts"
import type { Digest } from "../token/Digest.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { KeyId, VerifiableSecret } from "../token/Secret.ts"
import type { TokenId } from "../token/TokenId.ts"

/** What a look-up by digest gives: what verifying needs of the token, and the secret that the digest belongs to. */
export interface FoundToken {
  readonly token: VerifiableToken
  readonly secret: VerifiableSecret
}

/** A place in an owner's list: right after the token with this creation time and id. */
export interface ListPosition {
  readonly createdAt: DateTime.Utc
  readonly id: TokenId
}

/** `dead` is revoked or expired. */
export type ListState = "live" | "dead" | "any"

export interface ListQuery {
  readonly ownedBy: OwnerId
  readonly state: ListState
  /** By which to tell live from expired. */
  readonly now: DateTime.Utc
  /** Only this token and what was minted by means of it; all of the owner's if it isn't told. */
  readonly lineageOf?: TokenId | undefined
  /** None: from the newest on. */
  readonly after: Option.Option<ListPosition>
  /** At least 1. */
  readonly limit: number
}

/**
 * Holds for all methods:
 *
 * - After a write has returned, every later read through the same store sees it, from any process.
 * - Instants keep their milliseconds, strings come back as they went in, what is absent stays absent.
 * - An outage is a `RepositoryUnavailable`, after a deadline that the adapter states. After one, a write may or may
 *   not have happened.
 * - No failure's message holds a digest.
 * - An owner, an id or an instant that is missing, empty or of another type (from JavaScript) is a defect and never
 *   means "all"; a token with such an instant, or a state of a secret that doesn't exist, is never written.
 * - A damaged record, one whose field is missing or holds what no version writes, hurts only itself. `findById`,
 *   `findManyById`, `findByDigest` and `replace` of it die with `DamagedToken`, which names id and field; an unknown state
 *   of a secret is damage, never "active". Lists, streams and bulk work leave it out, log one warning with id and field,
 *   and carry on; a list fills its page with the tokens after it. A bulk revocation may revoke it all the same, and
 *   `purge` may remove it if its death can be read.
 * - A persistent adapter notes in each record its version, and the oldest version that understands it. A record of a higher
 *   version than the code's own is never overwritten or removed, and one that the code may not read is not accepted:
 *   both are a `RepositoryUnavailable` whose cause says that a newer version wrote it; bulk work leaves it out and logs it.
 */
export class ApiTokenRepository extends Context.Service<
  ApiTokenRepository,
  {
    /** Adds a token. Atomic: if its id or one of its digests exists already, nothing is written. */
    readonly insert: (token: ApiToken) => Effect.Effect<void, DuplicateToken | RepositoryUnavailable>

    /** The token with this id, with secrets and history; none if there is none. */
    readonly findById: (id: TokenId) => Effect.Effect<Option.Option<ApiToken>, RepositoryUnavailable>

    /** Those of the tokens that exist, in no particular order, in one query. No ids, no query. */
    readonly findManyById: (
      ids: ReadonlyArray<TokenId>,
    ) => Effect.Effect<ReadonlyArray<VerifiableToken>, RepositoryUnavailable>

    /**
     * The token that has a secret with one of these digests, in whatever state token and secret are; none if there is
     * none. One indexed look-up that writes nothing: this is the hot path. One candidate for each key of the key ring;
     * at most one of them exists.
     *
     * An adapter whose answer is at hand may look it up when the method is called and return an `Exit`, which needs no
     * fiber. So call the method at the moment that you want the answer of; do not keep the effect to run it later.
     */
    readonly findByDigest: (
      candidates: ReadonlyArray<Digest>,
    ) => Effect.Effect<Option.Option<FoundToken>, RepositoryUnavailable>

    /**
     * Writes the token if the stored one still has the expected revision, which is less than the token's own: a
     * compare-and-set, atomic. Fails with `RevisionConflict` if the revision is another or the token is gone, with
     * `DuplicateToken` if another token has one of its digests; then nothing is written. Of any number of concurrent
     * calls with one expected revision, exactly one succeeds.
     */
    readonly replace: (
      token: ApiToken,
      expectedRevision: number,
    ) => Effect.Effect<void, RevisionConflict | DuplicateToken | RepositoryUnavailable>

    /**
     * Revokes all of the owner's tokens that are not revoked, expired ones too, with a line in each one's history and
     * a raised revision, and returns how many. Idempotent: a first revocation stays, and its token isn't counted. Atomic
     * for each token, not for all: a token that is inserted meanwhile may escape, and after an outage some may be done.
     */
    readonly revokeOwnedBy: (
      ownedBy: OwnerId,
      revocation: Revocation,
      by: Attribution,
    ) => Effect.Effect<number, RepositoryUnavailable>

    /** The same for all tokens that were issued to a third party: one owner's, or (none) everybody's. */
    readonly revokeIssuedTo: (
      issuedTo: string,
      ownedBy: Option.Option<OwnerId>,
      revocation: Revocation,
      by: Attribution,
    ) => Effect.Effect<number, RepositoryUnavailable>

    /**
     * A page of the owner's tokens, the newest first (by `createdAt`, then by `id`, both descending): `limit` of them,
     * fewer only if no more are left. To go on, ask again after the last one's position. What is there throughout comes
     * exactly once, what is added or removed meanwhile at most once, also when many share one instant.
     */
    readonly listOwnedBy: (query: ListQuery) => Effect.Effect<ReadonlyArray<ApiToken>, RepositoryUnavailable>

    /** How many of the owner's tokens are neither revoked nor expired at `now`. */
    readonly countLiveOwnedBy: (ownedBy: OwnerId, now: DateTime.Utc) => Effect.Effect<number, RepositoryUnavailable>

    /**
     * All tokens created before the instant that are live at `now`, the oldest first. Read in batches: a token that is
     * changed meanwhile comes as it was or as it is.
     */
    readonly liveCreatedBefore: (
      instant: DateTime.Utc,
      now: DateTime.Utc,
    ) => Stream.Stream<ApiToken, RepositoryUnavailable>

    /** All tokens that are not revoked and whose expiry lies in `from <= expiresAt < to`, the soonest first. In batches. */
    readonly expiringBetween: (from: DateTime.Utc, to: DateTime.Utc) => Stream.Stream<ApiToken, RepositoryUnavailable>

    /**
     * All tokens that have a secret under this key (none: plain SHA-256), in whatever state, each once, in no particular
     * order. In batches, so that tokens may be replaced while they come.
     */
    readonly withKey: (keyId: Option.Option<KeyId>) => Stream.Stream<ApiToken, RepositoryUnavailable>

    /** All tokens with changes that the audit sink has not confirmed, in no particular order. In batches. */
    readonly undelivered: Stream.Stream<ApiToken, RepositoryUnavailable>

    /**
     * Notes that the audit sink has confirmed all changes of the token, if it still has this revision; else nothing. The
     * one write that does not raise the revision: who replaces the token meanwhile makes its changes undelivered again.
     */
    readonly markDelivered: (id: TokenId, revision: number) => Effect.Effect<void, RepositoryUnavailable>

    /** The key ids that stored secrets name, each once; none stands for plain SHA-256. */
    readonly keyIdsInUse: Effect.Effect<ReadonlyArray<Option.Option<KeyId>>, RepositoryUnavailable>

    /**
     * Removes what died (was revoked or expired, whichever came first) before the instant, with its secrets and with
     * all that was minted by means of it, which is dead too; nothing else. Returns how many. In batches.
     */
    readonly purge: (diedBefore: DateTime.Utc) => Effect.Effect<number, RepositoryUnavailable>
  }
>()("@tokenry/core/ApiTokenRepository") {}
