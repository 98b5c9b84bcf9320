/** Why PostgreSQL can't be used for tokens, for the person who has to fix it. */
import * as Data from "effect/Data"
import { PostgresOutage, SqlState, UnexpectedAnswer } from "./driverErrors.ts"

/**
 * - `InvalidUrl`: the URL or the pool's options can't be used.
 * - `Unreachable`: no server answered in time, or it accepts no connections now.
 * - `NotAuthorized`: the user, the password or the user's rights are not enough.
 * - `NoDatabase`: the server has no database of this name.
 * - `NotMigrated`: the tables are missing or older than this code, and `migrate` is false.
 * - `NewerThanCode`: migrations were applied that this code does not know.
 * - `Conflicting`: a table or an index of the same name is there, but it is not Tokenry's.
 */
export type PostgresOpenReason =
  | { readonly _tag: "InvalidUrl" }
  | { readonly _tag: "Unreachable"; readonly detail: string }
  | { readonly _tag: "NotAuthorized" }
  | { readonly _tag: "NoDatabase" }
  | { readonly _tag: "NotMigrated"; readonly table: string; readonly found: number; readonly known: number }
  | { readonly _tag: "NewerThanCode"; readonly table: string; readonly found: number; readonly known: number }
  | { readonly _tag: "Conflicting" }

/** The database can't be opened or migrated. The message has the problem and the fix, never the URL. */
export class PostgresOpenError extends Data.TaggedError("PostgresOpenError")<{
  readonly reason: PostgresOpenReason
  readonly cause?: unknown
}> {
  override get message(): string {
    return explain(this.reason)
  }
}

/** Translates an outage or a defect while the database is being opened. */
export const openErrorOf = (cause: unknown): PostgresOpenError =>
  new PostgresOpenError({ reason: reasonOf(cause), cause })

const reasonOf = (cause: unknown): PostgresOpenReason => {
  const code = cause instanceof PostgresOutage || cause instanceof UnexpectedAnswer ? cause.code : ""
  if (code.startsWith("28") || code === SqlState.InsufficientPrivilege) return { _tag: "NotAuthorized" }
  if (code === SqlState.InvalidCatalog) return { _tag: "NoDatabase" }
  if (code === SqlState.DuplicateTable) return { _tag: "Conflicting" }
  return { _tag: "Unreachable", detail: cause instanceof Error ? cause.message : "it does not answer" }
}

const explain = (reason: PostgresOpenReason): string => {
  switch (reason._tag) {
    case "InvalidUrl":
      return (
        "The PostgreSQL URL or the pool's options can't be used. A URL looks like postgres://user@host:5432/database; " +
        "special characters in name and password are percent-encoded"
      )
    case "Unreachable":
      return `PostgreSQL can't be reached: ${reason.detail}. Check the URL's host and port, the network, and that the server runs`
    case "NotAuthorized":
      return (
        "PostgreSQL refuses this user. Check the name, the password and pg_hba.conf, and grant the user CREATE on the schema " +
        "(or migrate as another user, and open with migrate: false)"
      )
    case "NoDatabase":
      return "The server has no database of this name. Create it, or correct the URL"
    case "NotMigrated":
      return (
        `The table ${reason.table} records version ${reason.found}, and this code needs version ${reason.known}. ` +
        "Apply the migrations, or open without migrate: false"
      )
    case "NewerThanCode":
      return (
        `The database was migrated by newer code: its table ${reason.table} is at version ${reason.found}, and this code ` +
        `knows versions up to ${reason.known}. Upgrade the code, or migrate down with the newer one`
      )
    case "Conflicting":
      return (
        "A table or an index with the name of one of Tokenry's already exists. It was not changed: choose another " +
        "schema or tablePrefix, or rename it"
      )
  }
}
