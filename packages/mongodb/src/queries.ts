/** The filters and orders of all look-ups, each for an index of `tokenIndexes`. */
import { type KeyId, type ListPosition, type ListQuery, OwnerId, type TokenId } from "@tokenry/core"
import { type DateTime, Option } from "effect"
import { dateOf, hexOf, idOf, issuedToOf, keyIdOf } from "./arguments.ts"

export interface Query {
  readonly filter: object
  readonly sort: Readonly<Record<string, 1 | -1>>
}

/** Where a batch is to go on: right after the document with this value and this id. */
export interface BatchPosition {
  readonly value: Date | number
  readonly id: string
}

export const byDigests = (hexes: ReadonlyArray<string>): object => ({
  "secrets.digest": hexes.length === 1 ? hexes[0] : { $in: hexes },
})

export const hexesOf = (candidates: ReadonlyArray<Parameters<typeof hexOf>[0]>): ReadonlyArray<string> =>
  candidates.map(hexOf)

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

export const liveOwnedBy = (ownedBy: OwnerId, now: DateTime.Utc): object =>
  allOf({ ownedBy: OwnerId.assert(ownedBy) }, live(now))

export const liveCreatedBefore = (
  instant: DateTime.Utc,
  now: DateTime.Utc,
  after: BatchPosition | undefined,
): Query => ({
  filter: allOf({ createdAt: { $lt: dateOf(instant) } }, live(now), ...later("createdAt", after)),
  sort: { createdAt: 1, _id: 1 },
})

export const expiringBetween = (from: DateTime.Utc, to: DateTime.Utc, after: BatchPosition | undefined): Query => ({
  filter: allOf(
    { expiresAt: { $gte: dateOf(from), $lt: dateOf(to) } },
    { revocation: null },
    ...later("expiresAt", after),
  ),
  sort: { expiresAt: 1, _id: 1 },
})

export const withKey = (keyId: Option.Option<KeyId>, after: string | undefined): Query => ({
  filter: { "secrets.keyId": keyIdOf(keyId), ...(after === undefined ? {} : { _id: { $gt: after } }) },
  sort: { _id: 1 },
})

export const undelivered = (after: BatchPosition | undefined): Query => ({
  filter: allOf({ undelivered: { $gt: 0 } }, ...later("undelivered", after)),
  sort: { undelivered: 1, _id: 1 },
})

export const unrevokedOf = (ownedBy: OwnerId): object => ({ ownedBy: OwnerId.assert(ownedBy), revocation: null })

export const unrevokedIssuedTo = (issuedTo: string, ownedBy: Option.Option<OwnerId>): object => ({
  issuedTo: issuedToOf(issuedTo),
  ...(Option.isSome(ownedBy) ? { ownedBy: OwnerId.assert(ownedBy.value) } : {}),
  revocation: null,
})

export const deadBefore = (instant: DateTime.Utc): object => {
  const date = dateOf(instant)
  return { $or: [{ expiresAt: { $lt: date } }, { "revocation.at": { $lt: date } }] }
}

export const mintedBy = (ids: ReadonlyArray<string>): object => ({ ancestors: { $in: ids } })

const ofLineage = (id: TokenId): object => ({ $or: [{ _id: idOf(id) }, { ancestors: id }] })

const live = (now: DateTime.Utc): object => ({
  revocation: null,
  $or: [{ expiresAt: null }, { expiresAt: { $gt: dateOf(now) } }],
})

const stateFilter = (state: ListQuery["state"], now: DateTime.Utc): ReadonlyArray<object> => {
  // Also where no filter needs it: a missing instant is a defect in every state.
  const date = dateOf(now)
  switch (state) {
    case "live":
      return [live(now)]
    case "dead":
      return [{ $or: [{ revocation: { $ne: null } }, { expiresAt: { $lte: date } }] }]
    case "any":
      return []
  }
}

/** The plain bound beside the alternatives is what an index can be entered by. */
const older = ({ createdAt, id }: ListPosition): object => {
  const date = dateOf(createdAt)
  return {
    createdAt: { $lte: date },
    $or: [{ createdAt: { $lt: date } }, { createdAt: date, _id: { $lt: idOf(id) } }],
  }
}

const later = (
  field: "createdAt" | "expiresAt" | "undelivered",
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
