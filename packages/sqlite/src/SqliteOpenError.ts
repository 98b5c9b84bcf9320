/** Why a SQLite file can't be used, for the person who has to fix it. */
import type { RepositoryUnavailable } from "@tokenry/core"
import * as Data from "effect/Data"
import { detailOf, isLock } from "./outcome.ts"

/**
 * - `NotADatabase`: the file contains something else, or is damaged.
 * - `NotWritable`: this process can't write to the file, its folder or its file system.
 * - `CannotOpen`: the folder is missing, the path is a folder, or the system refuses; `detail` has the problem and its
 *   fix.
 * - `NewerThanCode`: it has migrations this code doesn't know.
 * - `Locked`: other processes held it beyond the deadline.
 */
export type SqliteOpenReason =
  | { readonly _tag: "NotADatabase" }
  | { readonly _tag: "NotWritable" }
  | { readonly _tag: "CannotOpen"; readonly detail: string }
  | { readonly _tag: "NewerThanCode"; readonly table: string; readonly found: number; readonly known: number }
  | { readonly _tag: "Locked" }

/** The file can't be opened or migrated. The message names the file, the problem and the fix. */
export class SqliteOpenError extends Data.TaggedError("SqliteOpenError")<{
  readonly filename: string
  readonly reason: SqliteOpenReason
  readonly cause?: unknown
}> {
  override get message(): string {
    return `The SQLite file ${this.filename} ${explain(this.reason)}`
  }
}

/** Translates an outage while a file is being opened. */
export const openErrorOf = (filename: string, { cause }: RepositoryUnavailable): SqliteOpenError => {
  const detail = `${detailOf(cause)}. Check that its disk is healthy and not full, and try again`
  const reason: SqliteOpenReason = isLock(cause) ? { _tag: "Locked" } : { _tag: "CannotOpen", detail }
  return new SqliteOpenError({ filename, reason, cause })
}

const explain = (reason: SqliteOpenReason): string => {
  switch (reason._tag) {
    case "NotADatabase":
      return "is not a SQLite database, or is damaged. It was not changed: check the path, or restore a backup"
    case "NotWritable":
      return (
        "can't be written to. Give this process's user the right to write both the file and its folder, " +
        "where SQLite keeps a -wal and a -shm file beside it"
      )
    case "CannotOpen":
      return `can't be opened: ${reason.detail}`
    case "NewerThanCode":
      return (
        `was migrated by a newer version of this code: its table ${reason.table} is at version ${reason.found}, and ` +
        `this code knows versions up to ${reason.known}. Upgrade the code, or migrate the file down with the newer one`
      )
    case "Locked":
      return (
        "stayed locked by another process until the deadline. Find out which process holds it (a backup, a shell with " +
        "an open transaction) and end that, or give a longer lockDeadline"
      )
  }
}
