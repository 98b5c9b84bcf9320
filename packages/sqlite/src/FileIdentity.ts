/** Detects that another file replaced the open one. Writes to the old file would be lost. */
import * as Data from "effect/Data"
import { statSync } from "node:fs"

/** The file or its log was replaced. Anything written since then is lost. */
export class FileReplaced extends Data.TaggedError("FileReplaced")<{ readonly filename: string }> {
  override get message(): string {
    return (
      `The SQLite file ${this.filename} was replaced or removed while it was open, so nothing more is written to it. ` +
      "Restart this process; to restore a backup, end all processes that have the file open first"
    )
  }
}

/** The files a connection has open. SQLite removes the `-wal` file only when its last connection closes. */
export class FileIdentity {
  readonly #path: string
  readonly #file: string | undefined
  #log: string | undefined
  /** Set once a loss is detected. */
  loss: FileReplaced | undefined

  private constructor(path: string) {
    this.#path = path
    this.#file = identityOf(path)
    this.#log = identityOf(`${path}-wal`)
  }

  /** The identity of the file that a connection has just opened at this absolute path. */
  static of(path: string): FileIdentity {
    return new FileIdentity(path)
  }

  /** Checks that both files are still there. Call it after every commit: two system calls, a few microseconds. */
  assertPresent(): void {
    const log = identityOf(`${this.#path}-wal`)
    this.#log ??= log
    if (this.#file !== identityOf(this.#path) || this.#log !== log) {
      this.loss ??= new FileReplaced({ filename: this.#path })
    }
    if (this.loss !== undefined) throw this.loss
  }
}

/** Device and inode; `undefined` if the file doesn't exist or can't be examined. */
const identityOf = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}/${ino}`
  } catch {
    return undefined
  }
}
