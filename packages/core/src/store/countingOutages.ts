/** Wraps a repository and an owner directory to count outages by operation. */
import * as Effect from "effect/Effect"
import { isAtHand } from "../ports/atHand.ts"
import { streamModule } from "../ports/lazily.ts"
import { replacingMany } from "../ports/replacingMany.ts"
import type { Repository, TokenStream } from "../ports/Repository.ts"
import type { ApiTokenRepository } from "../ports/ApiTokenRepository.ts"
import type { OwnerDirectory } from "../ports/OwnerDirectory.ts"
import type { TokenChanges } from "../ports/TokenChanges.ts"

type OnOutage = (operation: string) => void

/** Synchronous answers stay synchronous. */
export const countingOutages = (repository: ApiTokenRepository["Service"], onOutage: OnOutage): Repository => {
  const watched = <A, E extends Tagged>(operation: string, effect: Effect.Effect<A, E>) =>
    watchedFor(onOutage, operation, effect)
  const watchedStream = (operation: string, open: () => TokenStream) =>
    Effect.map(streamModule, (Stream) => Stream.tapError(open(), () => Effect.sync(() => onOutage(operation))))
  return {
    insert: (token) => watched("insert", repository.insert(token)),
    findById: (id) => watched("findById", repository.findById(id)),
    findManyById: (ids) => watched("findManyById", repository.findManyById(ids)),
    findByDigest: (candidates) => watched("findByDigest", repository.findByDigest(candidates)),
    replace: (token, expectedRevision) => watched("replace", repository.replace(token, expectedRevision)),
    replaceMany: (replacements) => watched("replaceMany", replacingMany(repository)(replacements)),
    revokeOwnedBy: (ownedBy, revocation, by) =>
      watched("revokeOwnedBy", repository.revokeOwnedBy(ownedBy, revocation, by)),
    revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
      watched("revokeIssuedTo", repository.revokeIssuedTo(issuedTo, ownedBy, revocation, by)),
    listOwnedBy: (query) => watched("listOwnedBy", repository.listOwnedBy(query)),
    countLiveOwnedBy: (ownedBy, now) => watched("countLiveOwnedBy", repository.countLiveOwnedBy(ownedBy, now)),
    liveCreatedBefore: (instant, now) =>
      watchedStream("liveCreatedBefore", () => repository.liveCreatedBefore(instant, now)),
    expiringBetween: (from, to) => watchedStream("expiringBetween", () => repository.expiringBetween(from, to)),
    withKey: (keyId) => watchedStream("withKey", () => repository.withKey(keyId)),
    undelivered: watchedStream("undelivered", () => repository.undelivered),
    markDelivered: (id, revision) => watched("markDelivered", repository.markDelivered(id, revision)),
    keyIdsInUse: watched("keyIdsInUse", repository.keyIdsInUse),
    purge: (diedBefore) => watched("purge", repository.purge(diedBefore)),
  }
}

export const countingOwnerOutages = (
  owners: OwnerDirectory["Service"],
  onOutage: OnOutage,
): OwnerDirectory["Service"] => ({
  authorityOf: (ownedBy) => watchedFor(onOutage, "authorityOf", owners.authorityOf(ownedBy)),
})

/** Counts failed announcements; the feed reports its own state. */
export const countingAnnouncementOutages = (
  changes: TokenChanges["Service"],
  onOutage: OnOutage,
): TokenChanges["Service"] => ({
  ...changes,
  announceOwner: (ownedBy) => watchedFor(onOutage, "announceOwner", changes.announceOwner(ownedBy)),
})

interface Tagged {
  readonly _tag: string
}

const watchedFor = <A, E extends Tagged>(
  onOutage: OnOutage,
  operation: string,
  effect: Effect.Effect<A, E>,
): Effect.Effect<A, E> =>
  isAtHand(effect)
    ? effect
    : Effect.tapError(effect, ({ _tag }) =>
        _tag === "RepositoryUnavailable" ? Effect.sync(() => onOutage(operation)) : Effect.void,
      )
