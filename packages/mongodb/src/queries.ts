/** The filters and sort orders of all lookups, each backed by an index of `tokenIndexes`. */
import { type KeyId, type ListPosition, type ListQuery, OwnerId, type TokenId } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { bytesOf, dateOf, expiryBoundOf, idOf, issuedToOf, keyIdOf, revisionOf } from "./arguments.ts"
import { schemaVersion, writableHere } from "./NewerSchema.ts"

export interface Query {
  readonly filter: object
  readonly sort: Readonly<Record<string, 1 | -1>>
}

/** The end of a batch; the next one starts after the document with this value and id. */
export interface BatchPosition {
  readonly value: Date | number | string
  readonly id: string
}

export const byDigests = (candidates: ReadonlyArray<Parameters<typeof bytesOf>[0]>): object => {
  const digests = candidates.map(bytesOf)
  return { "secrets.digest": digests.length === 1 ? digests[0] : { $in: digests } }
}

export const byIds = (ids: ReadonlyArray<string>): object => ({ _id: { $in: ids.map(idOf) } })

export const ownedPage = ({ ownedBy, state, now, lineageOf, after }: Omit<ListQuery, "limit">): Query => ({
  filter: allOf(
    { ownedBy: OwnerId.assert(ownedBy) },
    ...stateFilter(state, now),
    ...(lineageOf === undefined ? [] : [ofLineage(lineageOf)]),
    ...Option.toArray(after).map(older),
  ),
  sort: { createdAt: -1, _id: -1 },
})

export const liveOwnedBy = (ownedBy: OwnerId, now: DateTime.Utc): object => ({
  ownedBy: OwnerId.assert(ownedBy),
  ...live(now),
})

/** Includes expired tokens: filtering them out here would make a batch read past any number of them. */
export const unrevokedCreatedBefore = (instant: DateTime.Utc, after: BatchPosition | undefined): Query => ({
  filter: allOf({ createdAt: { $lt: dateOf(instant) } }, { revocation: null }, ...later("createdAt", after)),
  sort: { createdAt: 1, _id: 1 },
})

/** Includes revoked tokens, for the same reason. */
export const expiringBetween = (from: DateTime.Utc, to: DateTime.Utc, after: BatchPosition | undefined): Query => ({
  filter: allOf({ expiresAt: { $gte: dateOf(from), $lt: expiryBoundOf(to) } }, ...later("expiresAt", after)),
  sort: { expiresAt: 1, _id: 1 },
})

export const withKey = (keyId: Option.Option<KeyId>, after: BatchPosition | undefined): Query => ({
  filter: { "secrets.keyId": keyIdOf(keyId), ...(after === undefined ? {} : { _id: { $gt: after.id } }) },
  sort: { _id: 1 },
})

export const undelivered = (after: BatchPosition | undefined): Query => ({
  filter: allOf({ undelivered: { $gt: 0 } }, ...later("undelivered", after)),
  sort: { undelivered: 1, _id: 1 },
})

export const unrevokedOf = (ownedBy: OwnerId, after: BatchPosition | undefined): Query => ({
  filter: allOf({ ownedBy: OwnerId.assert(ownedBy) }, { revocation: null }, ...later("expiresAt", after)),
  sort: { expiresAt: 1, _id: 1 },
})

export const unrevokedIssuedTo = (
  issuedTo: string,
  ownedBy: Option.Option<OwnerId>,
  after: BatchPosition | undefined,
): Query => ({
  filter: allOf(
    { issuedTo: issuedToOf(issuedTo) },
    ...(Option.isSome(ownedBy) ? [{ ownedBy: OwnerId.assert(ownedBy.value) }] : []),
    { revocation: null },
    ...later("ownedBy", after),
  ),
  sort: { ownedBy: 1, _id: 1 },
})

/** Matches the token if it has this revision, no newer schema, and no field of the wrong type: a replace would hide damage. */
export const replaceable = (id: TokenId, revision: number): object => ({
  _id: idOf(id),
  revision: revisionOf(revision),
  ...writableHere,
  ...soundTypes,
})

const soundTypes = {
  readableFrom: { $type: "number" },
  ownedBy: { $type: "string" },
  name: { $type: "string" },
  scopes: { $type: "array" },
  createdAt: { $type: "date" },
  expiresAt: { $type: "date" },
  neverExpires: { $type: "bool" },
  revocation: { $type: ["object", "null"] },
  ancestors: { $type: "array" },
  issuedTo: { $type: ["string", "null"] },
  boundTo: { $type: ["string", "null"] },
  secrets: { $type: "array" },
  history: { $type: "array" },
  undelivered: { $type: "number" },
} as const

/** Checks only the fields that a bulk revocation changes, so it also revokes tokens damaged elsewhere. */
export const revocable = (ids: ReadonlyArray<unknown>): object => ({
  _id: { $in: ids },
  revocation: null,
  ...writableHere,
  revision: { $type: "number" },
  undelivered: { $type: "number" },
  history: { $type: "array" },
})

export const deadBefore = (instant: DateTime.Utc): object => ({
  $or: [{ expiresAt: { $lt: expiryBoundOf(instant) } }, { "revocation.at": { $lt: dateOf(instant) } }],
  readableFrom: { $lte: schemaVersion },
})

export const mintedBy = (ids: ReadonlyArray<string>): object => ({ ancestors: { $in: ids } })

/** Tokens with a secret under a key whose id lies strictly between these two. */
export const withKeyBetween = (above: string | undefined, below: string | undefined) => ({
  secrets: {
    $elemMatch: {
      keyId: {
        ...(above === undefined ? { $gte: "" } : { $gt: above }),
        ...(below === undefined ? {} : { $lt: below }),
      },
    },
  },
})

export const withoutKey: object = { secrets: { $elemMatch: { keyId: { $type: "null" } } } }

const ofLineage = (id: TokenId): object => ({ $or: [{ _id: idOf(id) }, { ancestors: id }] })

const live = (now: DateTime.Utc): object => ({ revocation: null, expiresAt: { $gte: firstExpiryAfter(now) } })

/** Never beyond `never`, so tokens that never expire stay live even after the year 9999. */
const firstExpiryAfter = (now: DateTime.Utc): Date => expiryBoundOf(DateTime.add(now, { milliseconds: 1 }))

const stateFilter = (state: ListQuery["state"], now: DateTime.Utc): ReadonlyArray<object> => {
  // Checked even if the state doesn't use it: a missing instant is always a defect.
  dateOf(now)
  switch (state) {
    case "live":
      return [live(now)]
    case "dead":
      return [{ $or: [{ revocation: { $ne: null } }, { expiresAt: { $lt: firstExpiryAfter(now) } }] }]
    case "any":
      return []
  }
}

/** The bound outside `$or` is what lets MongoDB use the index. */
const older = ({ createdAt, id }: ListPosition): object => {
  const date = dateOf(createdAt)
  return {
    createdAt: { $lte: date },
    $or: [{ createdAt: { $lt: date } }, { createdAt: date, _id: { $lt: idOf(id) } }],
  }
}

const later = (
  field: "createdAt" | "expiresAt" | "undelivered" | "ownedBy",
  after: BatchPosition | undefined,
): ReadonlyArray<object> =>
  after === undefined
    ? []
    : [
        {
          [field]: { $gte: after.value },
          $or: [{ [field]: { $gt: after.value } }, { [field]: after.value, _id: { $gt: after.id } }],
        },
      ]

const allOf = (...filters: ReadonlyArray<object>): object => ({ $and: filters })
