/** One connection to a SQLite file, for Tokenry's tables and for those of the application around it. */
import { RepositoryUnavailable } from "@tokenry/core"
import { Duration, Effect, Exit, type Scope } from "effect"
import type { DatabaseSync } from "node:sqlite"
import { LockQueue } from "./LockQueue.ts"
import { FileIdentity } from "./FileIdentity.ts"
import { type Connection, openConnection } from "./openConnection.ts"
import { type Outcome, outcomeOf } from "./outcome.ts"
import { SqliteOpenError } from "./SqliteOpenError.ts"

export interface SqliteOptions extends LockOptions {
  /**
   * The file's path, never a URI; it is made if there is none, readable by its owner only; its folder is not made.
   * `:memory:` lasts until it is closed.
   */
  readonly filename: string
}

export interface LockOptions {
  /** How long to wait for locks that other processes hold: `read` 2 seconds, `write` and `open` 5, unless given. */
  readonly lockDeadline?: {
    readonly read?: Duration.Input
    readonly write?: Duration.Input
    readonly open?: Duration.Input
  }
}

/**
 * Opens in WAL mode with `synchronous = FULL`, so that what was acknowledged survives a power cut, and with foreign
 * keys enforced. `node:sqlite` is synchronous: an operation blocks the event loop while SQLite works, so keep each
 * one small. A lock that another process holds blocks it for 5 ms at a time at most; waiting is asynchronous.
 */
export class SqliteDatabase {
  readonly filename: string
  /** The connection itself, for what the methods here can't do. Don't leave a transaction open on it. */
  readonly connection: DatabaseSync
  readonly #reads: LockQueue
  readonly #writes: LockQueue
  readonly #identity: FileIdentity | undefined
  /** Whether `close` closes the connection. */
  readonly #isOurs: boolean
  #isClosed = false

  private constructor({ db, identity }: Connection, { filename, lockDeadline = {} }: SqliteOptions, isOurs: boolean) {
    this.filename = filename
    this.#isOurs = isOurs
    this.connection = db
    this.#identity = identity
    this.#reads = new LockQueue(Duration.fromInputUnsafe(lockDeadline.read ?? "2 seconds"))
    this.#writes = new LockQueue(Duration.fromInputUnsafe(lockDeadline.write ?? "5 seconds"))
  }

  /** Opens the file, or makes it. Whoever opens it closes it. */
  static open(options: SqliteOptions): Effect.Effect<SqliteDatabase, SqliteOpenError> {
    const deadline = Duration.fromInputUnsafe(options.lockDeadline?.open ?? "5 seconds")
    return Effect.map(
      openConnection(options.filename, deadline),
      (connection) => new SqliteDatabase(connection, options, true),
    )
  }

  /**
   * Wraps a connection that your application has opened and will close, for tables beside your own. Its settings stay yours:
   * WAL mode and `synchronous = FULL` are what `open` uses, and foreign keys must be on, as they are by default.
   *
   * @throws SqliteOpenError if foreign keys are off.
   */
  static from(connection: DatabaseSync, options: LockOptions = {}): SqliteDatabase {
    const path = connection.location()
    const filename = path ?? ":memory:"
    if (connection.prepare("PRAGMA foreign_keys").get()?.["foreign_keys"] !== 1) {
      const detail = "foreign keys are off on this connection. Open it with enableForeignKeyConstraints: true"
      throw new SqliteOpenError({ filename, reason: { _tag: "CannotOpen", detail } })
    }
    const identity = path === null ? undefined : FileIdentity.of(path)
    return new SqliteDatabase({ db: connection, identity }, { ...options, filename }, false)
  }

  /** Opens the file and closes it with the scope. */
  static openScoped(options: SqliteOptions): Effect.Effect<SqliteDatabase, SqliteOpenError, Scope.Scope> {
    return Effect.acquireRelease(SqliteDatabase.open(options), (database) => Effect.sync(() => database.close()))
  }

  /**
   * Runs a function that reads. It must be synchronous, and may run several times: an attempt that meets a lock is
   * repeated from the start. Each statement sees its own snapshot. Locks past the deadline, SQLite's outages (a
   * full disk, an I/O error, damage), and a file that was replaced while it was open, are `RepositoryUnavailable` with the operation's name; all else that the
   * function throws is a defect.
   */
  read<A>(operation: string, use: (db: DatabaseSync) => A): Effect.Effect<A, RepositoryUnavailable> {
    return Effect.suspend(() => this.readNow(operation, use))
  }

  /** `read`, begun when this is called: an `Exit` unless a lock is in the way. For hot paths. */
  readNow<A>(operation: string, use: (db: DatabaseSync) => A): Effect.Effect<A, RepositoryUnavailable> {
    return this.#reads.runNow(operation, () => this.#attempt(operation, () => use(this.connection)))
  }

  /**
   * Runs a function that writes in one transaction (`BEGIN IMMEDIATE`), which is committed when it returns and rolled
   * back when it throws. It must be synchronous, may run several times, and fails as `read` does. When it succeeds, the
   * changes are on disk.
   */
  write<A>(operation: string, use: (db: DatabaseSync) => A): Effect.Effect<A, RepositoryUnavailable> {
    return Effect.suspend(() =>
      this.#writes.runNow(operation, () => this.#attempt(operation, () => this.#inTransaction(use))),
    )
  }

  /**
   * Closes the file, unless the connection is your application's. Idempotent. What is called afterwards fails with
   * `RepositoryUnavailable`.
   */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#isOurs) this.connection.close()
  }

  #attempt<A>(operation: string, use: () => A): Outcome<A> {
    if (this.#isClosed || !this.connection.isOpen) return closed(operation)
    const loss = this.#identity?.loss
    return loss === undefined
      ? outcomeOf(operation, use)
      : Exit.fail(new RepositoryUnavailable({ operation, cause: loss }))
  }

  #inTransaction<A>(use: (db: DatabaseSync) => A): A {
    const db = this.connection
    if (db.isTransaction) {
      throw new Error(
        "A transaction is open on this connection; commit it first, or give Tokenry a connection of its own",
      )
    }
    db.exec("BEGIN IMMEDIATE")
    try {
      const result = use(db)
      if (result instanceof Promise) throw new TypeError("A function that writes must not return a promise")
      db.exec("COMMIT")
      this.#identity?.assertPresent()
      return result
    } catch (error) {
      rollBack(db)
      throw error
    }
  }
}

/** SQLite rolls back by itself after some errors, and then there is nothing left to do. */
const rollBack = (db: DatabaseSync): void => {
  try {
    db.exec("ROLLBACK")
  } catch {
    return
  }
}

const closed = (operation: string) =>
  Exit.fail(new RepositoryUnavailable({ operation, cause: new Error("The SQLite database is closed") }))
