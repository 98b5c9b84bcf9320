/** Opens a connection and sets it up, or says in what way the file can't be used. */
import { type Duration, Effect, Exit } from "effect"
import { accessSync, constants, existsSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { untilUnlocked } from "./LockQueue.ts"
import { detailOf, isLock, Locked, ResultCode, resultCodeOf } from "./outcome.ts"
import { SqliteOpenError, type SqliteOpenReason } from "./SqliteOpenError.ts"

/** How long SQLite itself may wait for a lock, and so block the event loop, at each attempt. */
const busyTimeoutMilliseconds = 5

/** A connection in WAL mode that can write. The switch to WAL may meet a lock of its own, so it is repeated too. */
export const openConnection = (
  filename: string,
  deadline: Duration.Duration,
): Effect.Effect<DatabaseSync, SqliteOpenError> => {
  const attempt = () => {
    try {
      return Exit.succeed(connect(filename))
    } catch (cause) {
      return failureOf(filename, cause)
    }
  }
  return untilUnlocked(attempt).pipe(
    Effect.timeoutOrElse({
      duration: deadline,
      orElse: () => Effect.fail(new SqliteOpenError({ filename, reason: { _tag: "Locked" } })),
    }),
  )
}

const connect = (filename: string): DatabaseSync => {
  const db = new DatabaseSync(filename)
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMilliseconds}`)
    const mode = db.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"]
    if (mode !== "wal" && mode !== "memory") throw new Error("its file system does not support SQLite's WAL mode")
    db.exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
    assertWritable(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * SQLite opens a read-only file, and even begins a transaction on it, without a word; only a write that it prepares
 * tells. If another process is writing, then the file can be written to.
 */
const assertWritable = (db: DatabaseSync): void => {
  try {
    db.exec("BEGIN IMMEDIATE")
    db.exec("PRAGMA user_version = 0")
    db.exec("ROLLBACK")
  } catch (error) {
    if (!isLock(error)) throw error
  }
}

const failureOf = (filename: string, cause: unknown): Exit.Exit<never, SqliteOpenError> | Locked =>
  isLock(cause)
    ? new Locked({ cause })
    : Exit.fail(new SqliteOpenError({ filename, reason: reasonOf(filename, resultCodeOf(cause), cause), cause }))

const reasonOf = (filename: string, code: number | undefined, cause: unknown): SqliteOpenReason => {
  switch (code) {
    case ResultCode.NOTADB:
    case ResultCode.CORRUPT:
      return { _tag: "NotADatabase" }
    case ResultCode.READONLY:
    case ResultCode.PERM:
      return { _tag: "NotWritable" }
    default:
      return (
        reasonByPath(filename) ?? {
          _tag: "CannotOpen",
          detail: `${detailOf(cause)}. Check the path and its file system`,
        }
      )
  }
}

/** SQLite says no more than that it can't open the file; the path says more. */
const reasonByPath = (filename: string): SqliteOpenReason | undefined => {
  const folder = dirname(filename)
  if (statSync(filename, { throwIfNoEntry: false })?.isDirectory()) {
    return { _tag: "CannotOpen", detail: "it is a folder. Give the path of a file in it" }
  }
  if (!existsSync(folder))
    return { _tag: "CannotOpen", detail: `there is no folder ${folder}. Make it, or check the path` }
  if (!permits(folder, constants.W_OK)) return { _tag: "NotWritable" }
  return existsSync(filename) && !permits(filename, constants.R_OK)
    ? { _tag: "CannotOpen", detail: "this process may not read it. Give its user the right to" }
    : undefined
}

const permits = (path: string, mode: number): boolean => {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
