/** Notices that somebody put another file in the place of the open one: what is written to the old one is lost. */
import { Data } from "effect"
import { statSync } from "node:fs"

/** The file, or the log beside it, is not the one that was opened. What was written since then is in no file any more. */
export class FileReplaced extends Data.TaggedError("FileReplaced")<{ readonly filename: string }> {
  override get message(): string {
    return (
      `The SQLite file ${this.filename} was replaced or removed while it was open, so nothing more is written to it. ` +
      "Restart this process; to restore a backup, end all processes that have the file open first"
    )
  }
}

/** Which files a connection has open. SQLite removes the `-wal` file only when its last connection closes. */
export class FileIdentity {
  readonly #path: string
  readonly #file: string | undefined
  #log: string | undefined
  /** That a loss was noticed. */
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

  /** Looks whether both files are still there. To be called after a commit: two system calls, some microseconds. */
  assertPresent(): void {
    const log = identityOf(`${this.#path}-wal`)
    this.#log ??= log
    if (this.#file !== identityOf(this.#path) || this.#log !== log) {
      this.loss ??= new FileReplaced({ filename: this.#path })
    }
    if (this.loss !== undefined) throw this.loss
  }
}

/** Device and inode; `undefined` if there is no such file, or it can't be looked at. */
const identityOf = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}/${ino}`
  } catch {
    return undefined
  }
}
