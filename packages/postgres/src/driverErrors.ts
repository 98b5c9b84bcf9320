/**
 * What an error of the driver means. Distinguished by SQLSTATE and by Node's codes, never by messages, and never by
 * `instanceof`: the application may have another copy of the driver.
 */
import { RepositoryUnavailable } from "@tokenry/core"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import { NewerRecord } from "./NewerRecord.ts"

/**
 * PostgreSQL rejected a statement with an error that isn't an outage, for example because a trigger of yours refused a
 * row. A defect. Omits the driver's error, which may quote a row with its digests.
 */
export class UnexpectedAnswer extends Data.TaggedError("UnexpectedAnswer")<{
  readonly operation: string
  /** SQLSTATE. */
  readonly code: string
  /** The constraint that is violated; empty if none is. */
  readonly constraint: string
}> {
  override get message(): string {
    const constraint = this.constraint === "" ? "" : ` by the constraint ${this.constraint}`
    return `PostgreSQL refused ${this.operation}${constraint} with the code ${this.code}`
  }
}

/** Why PostgreSQL can't work now: the cause of a `RepositoryUnavailable`. Contains no values of the statement. */
export class PostgresOutage extends Data.TaggedError("PostgresOutage")<{
  /** SQLSTATE, or Node's code of a network error; empty if there is neither. */
  readonly code: string
  /** What the server or the driver said. */
  readonly detail: string
}> {
  override get message(): string {
    return `${this.detail || "no answer"}${this.code && ` (${this.code})`}`
  }
}

/** The failure of an operation that was rejected with this error. */
export const failureOf = (operation: string, error: unknown): Exit.Exit<never, RepositoryUnavailable> => {
  if (error instanceof NewerRecord) return Exit.fail(new RepositoryUnavailable({ operation, cause: error }))
  if (isOutage(error)) return Exit.fail(new RepositoryUnavailable({ operation, cause: outageOf(error) }))
  const code = sqlStateOf(error)
  return Exit.die(
    code === undefined ? error : new UnexpectedAnswer({ operation, code, constraint: constraintOf(error) }),
  )
}

/** The error, reduced to what may be logged: PostgreSQL's own may quote values in its details. */
const outageOf = (error: unknown): PostgresOutage =>
  error instanceof PostgresOutage
    ? error
    : new PostgresOutage({ code: codeOf(error), detail: textOf(error, "message") })

/**
 * Classifies the driver's rejection: server errors and programming mistakes stay as they are, and everything else (a
 * refused connection, a closed one, none left) is an outage.
 */
export const fromDriver = (error: unknown): unknown => {
  const isMistake = error instanceof Error && ["TypeError", "RangeError", "SyntaxError"].includes(error.name)
  return sqlStateOf(error) !== undefined || isMistake ? error : outageOf(error)
}

/** SQLSTATE; `undefined` if the error isn't from the server. */
export const sqlStateOf = (error: unknown): string | undefined => {
  const code = codeOf(error)
  return /^[0-9A-Z]{5}$/.test(code) && textOf(error, "severity") !== "" ? code : undefined
}

/** The name of the constraint that is violated; empty if none is. */
export const constraintOf = (error: unknown): string => textOf(error, "constraint")

/** Whether the connection failed rather than the statement, so it can't be reused. */
export const isConnectionLost = (error: unknown): boolean => {
  const code = sqlStateOf(error)
  return code === undefined
    ? error instanceof PostgresOutage
    : lostClasses.includes(code.slice(0, 2)) || lostStates.includes(code)
}

/** Whether the server rolled back the statement, and a retry may succeed. */
export const isRolledBack = (error: unknown): boolean =>
  sqlStateOf(error) === SqlState.SerializationFailure || sqlStateOf(error) === SqlState.DeadlockDetected

/** Whether the connection has lost, or never had, a prepared statement: because of a pooler, or a schema change. */
export const isPreparedStatementGone = (error: unknown): boolean => preparedStates.includes(sqlStateOf(error))

/** Whether PostgreSQL can't work now, or hasn't confirmed a write. */
const isOutage = (error: unknown): boolean => {
  const code = sqlStateOf(error)
  if (code === undefined) return error instanceof PostgresOutage
  return (
    isConnectionLost(error) ||
    isRolledBack(error) ||
    isPreparedStatementGone(error) ||
    outageClasses.includes(code.slice(0, 2)) ||
    outageStates.includes(code)
  )
}

/** The states that matter here (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export const SqlState = {
  UniqueViolation: "23505",
  ForeignKeyViolation: "23503",
  ReadOnlyTransaction: "25006",
  IdleInTransactionTimeout: "25P03",
  TransactionTimeout: "25P04",
  UndefinedPreparedStatement: "26000",
  InvalidCatalog: "3D000",
  InvalidSchema: "3F000",
  SerializationFailure: "40001",
  DeadlockDetected: "40P01",
  InsufficientPrivilege: "42501",
  UndefinedTable: "42P01",
  DuplicatePreparedStatement: "42P05",
  DuplicateTable: "42P07",
  LockNotAvailable: "55P03",
  QueryCanceled: "57014",
  AdminShutdown: "57P01",
  CrashShutdown: "57P02",
  CannotConnectNow: "57P03",
  DatabaseDropped: "57P04",
  IdleSessionTimeout: "57P05",
} as const

/** Connection exceptions. */
const lostClasses: ReadonlyArray<string> = ["08"]

const lostStates: ReadonlyArray<string> = [
  SqlState.AdminShutdown,
  SqlState.CrashShutdown,
  SqlState.CannotConnectNow,
  SqlState.DatabaseDropped,
  SqlState.IdleSessionTimeout,
  SqlState.IdleInTransactionTimeout,
  SqlState.TransactionTimeout,
]

/** Invalid authorization, insufficient resources (disk, memory, connections), system errors, internal errors. */
const outageClasses: ReadonlyArray<string> = ["28", "53", "58", "XX"]

const outageStates: ReadonlyArray<string> = [
  SqlState.ReadOnlyTransaction,
  SqlState.InvalidCatalog,
  SqlState.InvalidSchema,
  SqlState.InsufficientPrivilege,
  SqlState.UndefinedTable,
  SqlState.LockNotAvailable,
  SqlState.QueryCanceled,
]

const preparedStates: ReadonlyArray<string | undefined> = [
  SqlState.UndefinedPreparedStatement,
  SqlState.DuplicatePreparedStatement,
]

const codeOf = (error: unknown): string => textOf(error, "code")

const textOf = (error: unknown, field: string): string => {
  const value: unknown =
    typeof error === "object" && error !== null ? (error as Readonly<Record<string, unknown>>)[field] : undefined
  return typeof value === "string" ? value : ""
}
