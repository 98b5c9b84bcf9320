/** The outcome of one attempt at the database: a value, an outage, a lock, or a defect. */
import { RepositoryUnavailable } from "@tokenry/core"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import { FileReplaced } from "./FileIdentity.ts"
import { WrittenByNewerVersion } from "./recordVersion.ts"

/** Another connection holds a required lock. Nothing was done, and a retry may succeed. */
export class Locked extends Data.TaggedError("Locked")<{ readonly cause: unknown }> {}

export type Outcome<A> = Exit.Exit<A, RepositoryUnavailable> | Locked

/** Makes the attempt. Adds no cost when it succeeds. */
export const outcomeOf = <A>(operation: string, attempt: () => A): Outcome<A> => {
  try {
    return Exit.succeed(attempt())
  } catch (cause) {
    if (isLock(cause)) return new Locked({ cause })
    return isOutage(cause) ? Exit.fail(new RepositoryUnavailable({ operation, cause })) : Exit.die(cause)
  }
}

/** Whether the error says that another connection holds a lock. */
export const isLock = (error: unknown): boolean => isAmong(lockCodes, error)

/** Whether the error isn't a bug: SQLite can't work now, the file was replaced, or a newer version owns the token. */
const isOutage = (error: unknown): boolean =>
  isAmong(outageCodes, error) || error instanceof WrittenByNewerVersion || error instanceof FileReplaced

const isAmong = (codes: ReadonlyArray<number>, error: unknown): boolean => {
  const code = resultCodeOf(error)
  return code !== undefined && codes.includes(code)
}

/** SQLite's primary result code (https://sqlite.org/rescode.html); `undefined` for other errors. */
export const resultCodeOf = (error: unknown): number | undefined =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined

/** SQLite's message. It names columns and contains no values. */
export const detailOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The result codes handled here; all others are defects. */
export const ResultCode = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOLFS: 22,
  NOTADB: 26,
} as const

const lockCodes: ReadonlyArray<number> = [ResultCode.BUSY, ResultCode.LOCKED, ResultCode.PROTOCOL]

const outageCodes: ReadonlyArray<number> = Object.values(ResultCode).filter((code) => !lockCodes.includes(code))
