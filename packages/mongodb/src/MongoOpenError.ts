/** Why MongoDB can't be used for tokens, for the person who has to fix it. */
import * as Data from "effect/Data"
import { codeOf } from "./driverErrors.ts"
import type { IndexDefinition } from "./indexes.ts"
import { ServerCode } from "./ServerCode.ts"

/**
 * - `InvalidUrl`: the URL or the client's options can't be used.
 * - `Unreachable`: no server answered in time, or it is no primary, or too old.
 * - `NotAuthorized`: the user, the password or the user's rights are not enough.
 * - `ConflictingIndex`: there is another index of the same name, or on the same fields.
 * - `NotUnique`: a unique index can't be made, because stored documents contradict it.
 * - `MissingIndex`: a unique index isn't there, and opening must not make it (`migrate: false`).
 * - `BuildingIndexes`: MongoDB is still building indexes. It goes on; opening again later succeeds.
 * - `IndexBuildAborted`: somebody ended the build, or too few members of the replica set were ready.
 * - `IndexRefused`: MongoDB can't make the index on this collection: it is sharded, for example.
 * - `OutsideStableApi`: the client's `serverApi` is strict and forbids a command.
 * - `UnconfirmedWrites`: `writeConcern` is `{ w: 0 }`, with which no write would be confirmed.
 * - `NewerThanCode`: undoing migrations needs newer code, which applied them.
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

/** The database can't be opened or migrated. The message has the problem and the fix, never the URL. */
export class MongoOpenError extends Data.TaggedError("MongoOpenError")<{
  readonly reason: MongoOpenReason
  readonly cause?: unknown
}> {
  override get message(): string {
    return explain(this.reason)
  }
}

/** The outage as the reason why opening failed. */
export const unreachable = (cause: unknown): MongoOpenError => {
  const code = codeOf(cause)
  const reason: MongoOpenReason =
    code === ServerCode.Unauthorized || code === ServerCode.AuthenticationFailed
      ? { _tag: "NotAuthorized" }
      : { _tag: "Unreachable", detail: cause instanceof Error ? cause.message : "it does not answer" }
  return new MongoOpenError({ reason, cause })
}

/** Why these indexes can't be made; none if the error is not about them. */
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
    // Without its cause, which quotes a digest.
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

/** Waiting for these indexes has ended; building them has not. */
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
        "The MongoDB URL or the client's options can't be used. A URL looks like mongodb://host:27017/database; special " +
        "characters in a user's name or password are percent-encoded"
      )
    case "Unreachable":
      return `MongoDB can't be reached: ${reason.detail}. Check the URL's hosts, the network, and that a primary is elected`
    case "NotAuthorized":
      return (
        "MongoDB refuses this user. Check name, password and authSource, and give it the role readWrite on the " +
        "database (or migrate with another user, and open with migrate: false)"
      )
    case "ConflictingIndex":
      return (
        `The collection ${reason.collection} has an index that is not Tokenry's, with the name ${reason.index} or on ` +
        "its fields. It was not changed: drop it, or give the tokens another collection"
      )
    case "NotUnique":
      return (
        `The unique index ${reason.index} can't be made: documents in the collection ${reason.collection} share a ` +
        "value that must be each one's own. Find out which of them belong there, and delete the others"
      )
    case "MissingIndex":
      return (
        `The collection ${reason.collection} lacks the unique index ${reason.index}: each verify would scan, and tokens ` +
        "could share a digest. Was it restored without indexes? Run migrate, or open with migrate: true"
      )
    case "BuildingIndexes":
      return (
        `MongoDB is still building the indexes of the collection ${reason.collection}, and goes on. Open again when it is ` +
        "done (db.currentOp() shows it). For large collections, run migrate in a step of the deployment, and open with " +
        "migrate: false"
      )
    case "IndexBuildAborted":
      return (
        `The indexes of the collection ${reason.collection} were not built: somebody ended the build, or less than a ` +
        "majority of the replica set's members can take part. Check them, and open again"
      )
    case "IndexRefused":
      return (
        `MongoDB can't make the index ${reason.index} on the collection ${reason.collection}. If the collection is ` +
        "sharded: digests can't be kept unique across shards. Give the tokens a collection that isn't"
      )
    case "OutsideStableApi":
      return (
        "The client's serverApi is strict, and MongoDB refuses a command that the repository needs. Use version 1 of the " +
        "Stable API, or a client without strict"
      )
    case "UnconfirmedWrites":
      return "With the write concern { w: 0 }, no issued or revoked token would be certain. Use 1 or more, or majority"
    case "NewerThanCode":
      return (
        `The database is at version ${reason.found} of the migrations, and this code knows versions up to ` +
        `${reason.known}. Migrate down with the newer code`
      )
  }
}
