/** Errors of opening and migrating, written for the operator who has to fix the cause. */
import * as Data from "effect/Data"
import { codeOf } from "./driverErrors.ts"
import type { IndexDefinition } from "./indexes.ts"
import { ServerCode } from "./ServerCode.ts"

/**
 * - `InvalidUrl`: the URL or a client option is invalid.
 * - `Unreachable`: no server answered in time, or the server is not a primary or is too old.
 * - `NotAuthorized`: the user name or password is wrong, or the user lacks rights.
 * - `ConflictingIndex`: a different index has the same name or the same fields.
 * - `NotUnique`: stored documents violate a unique index that would be created.
 * - `MissingIndex`: a unique index is missing, and opening may not create it (`migrate: false`).
 * - `BuildingIndexes`: MongoDB is still building indexes. Open again once it has finished.
 * - `IndexBuildAborted`: someone stopped the build, or too few members of the replica set were ready.
 * - `IndexRefused`: MongoDB can't create the index on this collection, for example because it is sharded.
 * - `OutsideStableApi`: the client's `serverApi` is strict and forbids a command.
 * - `UnconfirmedWrites`: `writeConcern` is `{ w: 0 }`, so no write would be confirmed.
 * - `NewerThanCode`: newer code applied migrations that only it can undo.
 */
export type MongoOpenReason =
  | { readonly _tag: "InvalidUrl" }
  | { readonly _tag: "Unreachable"; readonly detail: string }
  | { readonly _tag: "NotAuthorized" }
  | { readonly _tag: "ConflictingIndex"; readonly collection: string; readonly index: string }
  | { readonly _tag: "NotUnique"; readonly collection: string; readonly index: string }
  | { readonly _tag: "MissingIndex"; readonly collection: string; readonly index: string }
  | { readonly _tag: "BuildingIndexes"; readonly collection: string }
  | { readonly _tag: "IndexBuildAborted"; readonly collection: string }
  | { readonly _tag: "IndexRefused"; readonly collection: string; readonly index: string }
  | { readonly _tag: "OutsideStableApi" }
  | { readonly _tag: "UnconfirmedWrites" }
  | { readonly _tag: "NewerThanCode"; readonly found: number; readonly known: number }

/** The database can't be opened or migrated. The message names the problem and the fix, never the URL. */
export class MongoOpenError extends Data.TaggedError("MongoOpenError")<{
  readonly reason: MongoOpenReason
  readonly cause?: unknown
}> {
  override get message(): string {
    return explain(this.reason)
  }
}

/** The error for an outage during opening. */
export const unreachable = (cause: unknown): MongoOpenError => {
  const code = codeOf(cause)
  const reason: MongoOpenReason =
    code === ServerCode.Unauthorized || code === ServerCode.AuthenticationFailed
      ? { _tag: "NotAuthorized" }
      : { _tag: "Unreachable", detail: cause instanceof Error ? cause.message : "it does not answer" }
  return new MongoOpenError({ reason, cause })
}

/** The error for a failed index build, or `undefined` if the failure has another cause. */
export const indexFailure = (
  error: unknown,
  indexes: ReadonlyArray<IndexDefinition>,
  conflicting: IndexDefinition | undefined,
): MongoOpenError | undefined => {
  const { collection } = namesOf(indexes[0])
  const unique = namesOf(indexes.find((index) => index.unique === true) ?? indexes[0])
  switch (codeOf(error)) {
    case ServerCode.IndexOptionsConflict:
    case ServerCode.IndexKeySpecsConflict:
      return failed({ _tag: "ConflictingIndex", ...namesOf(conflicting ?? indexes[0]) }, error)
    // Omits the cause, which quotes a digest.
    case ServerCode.DuplicateKey:
      return failed({ _tag: "NotUnique", ...unique }, undefined)
    case ServerCode.CannotCreateIndex:
      return failed({ _tag: "IndexRefused", ...unique }, error)
    case ServerCode.ConflictingOperationInProgress:
    case ServerCode.IndexBuildAlreadyInProgress:
      return failed({ _tag: "BuildingIndexes", collection }, error)
    case ServerCode.IndexBuildAborted:
    case ServerCode.UnsatisfiableCommitQuorum:
      return failed({ _tag: "IndexBuildAborted", collection }, error)
    case ServerCode.APIStrictError:
      return failed({ _tag: "OutsideStableApi" }, error)
    default:
      return undefined
  }
}

/** The error for a build that outlasts our patience. */
export const stillBuilding = (indexes: ReadonlyArray<IndexDefinition>): MongoOpenError =>
  failed({ _tag: "BuildingIndexes", collection: namesOf(indexes[0]).collection }, undefined)

const failed = (reason: MongoOpenReason, cause: unknown): MongoOpenError =>
  new MongoOpenError(cause === undefined ? { reason } : { reason, cause })

const namesOf = (index: IndexDefinition | undefined) => ({
  collection: index?.collection ?? "",
  index: index?.name ?? "",
})

const explain = (reason: MongoOpenReason): string => {
  switch (reason._tag) {
    case "InvalidUrl":
      return (
        "The MongoDB URL or a client option is invalid. A URL looks like mongodb://host:27017/database; percent-encode " +
        "special characters in the user name and password"
      )
    case "Unreachable":
      return `MongoDB can't be reached: ${reason.detail}. Check the hosts in the URL, the network, and that there is a primary`
    case "NotAuthorized":
      return (
        "MongoDB refused this user. Check the name, the password and authSource, and grant the user the role readWrite on " +
        "the database (or migrate as another user and open with migrate: false)"
      )
    case "ConflictingIndex":
      return (
        `The collection ${reason.collection} has an index that isn't Tokenry's, named ${reason.index} or on the same ` +
        "fields. Nothing was changed. Drop that index, or use another collectionName"
      )
    case "NotUnique":
      return (
        `The unique index ${reason.index} can't be created: documents in the collection ${reason.collection} share a ` +
        "value that must be unique. Find out which of them to keep, and delete the others"
      )
    case "MissingIndex":
      return (
        `The collection ${reason.collection} lacks the unique index ${reason.index}. Every verify would scan the ` +
        "collection, and two tokens could share a digest. Run migrate, or open with migrate: true"
      )
    case "BuildingIndexes":
      return (
        `MongoDB is still building the indexes of the collection ${reason.collection}. Open again once it has finished ` +
        "(db.currentOp() shows its progress). For large collections, run migrate as a deployment step and open with " +
        "migrate: false"
      )
    case "IndexBuildAborted":
      return (
        `The indexes of the collection ${reason.collection} were not built: someone stopped the build, or no majority of ` +
        "the replica set could take part. Check its members, and open again"
      )
    case "IndexRefused":
      return (
        `MongoDB can't create the index ${reason.index} on the collection ${reason.collection}. If the collection is ` +
        "sharded, use one that isn't: MongoDB can't keep digests unique across shards"
      )
    case "OutsideStableApi":
      return (
        "The client's serverApi is strict, and MongoDB refused a command the store needs. Use version 1 of the Stable " +
        "API, or turn strict off"
      )
    case "UnconfirmedWrites":
      return "The write concern { w: 0 } confirms no write, so a revocation could be lost. Set w to 1 or more, or to majority"
    case "NewerThanCode":
      return (
        `The database is at migration ${reason.found}, and this code only knows migrations up to ${reason.known}. ` +
        "Migrate down with the newer code"
      )
  }
}
