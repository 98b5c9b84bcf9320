/** Opens and configures a connection, or explains why the file can't be used. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { closeSync, lstatSync, openSync, statSync } from "node:fs"
import { resolve } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { FileIdentity } from "./FileIdentity.ts"
import { untilUnlocked } from "./LockQueue.ts"
import { nodeSqlite } from "./nodeSqlite.ts"
import { codeOf, reasonByPath, reasonOfRefusal } from "./openingFailures.ts"
import { detailOf, isLock, Locked, ResultCode, resultCodeOf } from "./outcome.ts"
import { SqliteOpenError, type SqliteOpenReason } from "./SqliteOpenError.ts"

export interface Connection {
  readonly db: DatabaseSync
  /** None for an in-memory database. */
  readonly identity: FileIdentity | undefined
}

/** How long SQLite may wait for a lock at each attempt, which blocks the event loop. */
const busyTimeoutMilliseconds = 5

/** The size in bytes to which the `-wal` file shrinks after it had to grow because a reader delayed a checkpoint. */
const walBytesAtMost = 16 * 1024 * 1024

/** A writable connection in WAL mode. Switching to WAL may itself meet a lock, so it is retried too. */
export const openConnection = (
  filename: string,
  deadline: Duration.Duration,
): Effect.Effect<Connection, SqliteOpenError> => {
  // Absolute, because a path that starts with "file:" would be taken for a URI.
  const path = filename === inMemory ? filename : resolve(filename)
  const attempt = (): Exit.Exit<Connection, SqliteOpenError> | Locked => {
    try {
      if (path === inMemory) return Exit.succeed({ db: connect(path), identity: undefined })
      createPrivately(path)
      const db = connect(path)
      return Exit.succeed({ db, identity: FileIdentity.of(path) })
    } catch (cause) {
      return failureOf(filename, path, cause)
    }
  }
  return untilUnlocked(attempt).pipe(
    Effect.timeoutOrElse({
      duration: deadline,
      orElse: () => Effect.fail(new SqliteOpenError({ filename, reason: { _tag: "Locked" } })),
    }),
  )
}

const inMemory = ":memory:"

/**
 * Creates a new file that only its owner can read and write; SQLite gives its other files the same mode. Keeps an
 * existing file's mode and doesn't open it here: closing it would release the locks of this process's other
 * connections.
 */
const createPrivately = (path: string): void => {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    // SQLite would open a device, and make the target of a link readable for everyone.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) throw new Error("it is not a regular file")
    return
  }
  try {
    closeSync(openSync(path, "wx", 0o600))
  } catch (error) {
    // Another process created it first.
    if (codeOf(error) !== "EEXIST") throw error
  }
}

const connect = (path: string): DatabaseSync => {
  const db = new nodeSqlite.DatabaseSync(path)
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMilliseconds}`)
    const mode = db.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"]
    if (mode !== "wal" && mode !== "memory") throw new Error("its file system does not support SQLite's WAL mode")
    db.exec(`PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = ${walBytesAtMost}`)
    assertWritable(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * SQLite opens a read-only file, and even starts a transaction on it, without an error; only preparing a write fails.
 * If another process is writing, the file is writable.
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

const failureOf = (filename: string, path: string, cause: unknown): Exit.Exit<never, SqliteOpenError> | Locked =>
  isLock(cause)
    ? new Locked({ cause })
    : Exit.fail(new SqliteOpenError({ filename, reason: reasonOf(path, cause), cause }))

const reasonOf = (path: string, cause: unknown): SqliteOpenReason => {
  switch (resultCodeOf(cause)) {
    case ResultCode.NOTADB:
    case ResultCode.CORRUPT:
      return { _tag: "NotADatabase" }
    case ResultCode.READONLY:
    case ResultCode.PERM:
      return reasonByPath(path) ?? { _tag: "NotWritable" }
    default:
      return (
        reasonOfRefusal(path, cause) ??
        reasonByPath(path) ?? {
          _tag: "CannotOpen",
          detail: `${detailOf(cause)}. Check the path and its file system`,
        }
      )
  }
}
