/** Why MongoDB can't be used for tokens, in words for the person who has to put it right. */
import { Data } from "effect"
import { codeOf, ServerCode } from "./driverErrors.ts"

/**
 * - `InvalidUrl`: the URL or the client's options can't be used.
 * - `Unreachable`: no server answered in time, or it is no primary, or too old.
 * - `NotAuthorized`: the user, the password or the user's rights are not enough.
 * - `ConflictingIndex`: there is another index of the same name, or on the same fields.
 * - `NotUnique`: a unique index can't be made, because stored documents contradict it.
 * - `NewerThanCode`: migrations are to be undone that this code does not know.
 */
export type MongoOpenReason =
  | { readonly _tag: "InvalidUrl" }
  | { readonly _tag: "Unreachable"; readonly detail: string }
  | { readonly _tag: "NotAuthorized" }
  | { readonly _tag: "ConflictingIndex"; readonly collection: string; readonly index: string }
  | { readonly _tag: "NotUnique"; readonly collection: string; readonly index: string }
  | { readonly _tag: "NewerThanCode"; readonly found: number; readonly known: number }

/** The database can't be opened or migrated. The message says what is wrong and what to do; it never holds the URL. */
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
        "its fields. It was left as it is: drop it, or give the tokens another collection"
      )
    case "NotUnique":
      return (
        `The unique index ${reason.index} can't be made: documents in the collection ${reason.collection} share a ` +
        "value that must be each one's own. Find out which of them belong there, and delete the others"
      )
    case "NewerThanCode":
      return (
        `The database is at version ${reason.found} of the migrations, and this code knows versions up to ` +
        `${reason.known}. Migrate down with the newer code`
      )
  }
}
