/**
 * Classifies driver errors by code, label and class name. Never by message, and never by `instanceof`: the application may
 * use another copy of the driver.
 */
import { RepositoryUnavailable } from "@tokenry/core"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import { NewerSchema } from "./NewerSchema.ts"
import { outageCodes, ServerCode, transientCodes } from "./ServerCode.ts"

/**
 * MongoDB answered with an error that isn't an outage, for example because a validator refused a document. A defect.
 * Omits the driver's error, which may quote a document with its digests.
 */
export class UnexpectedAnswer extends Data.TaggedError("UnexpectedAnswer")<{
  readonly operation: string
  readonly code: number
  readonly codeName: string
}> {
  override get message(): string {
    const name = this.codeName && ` (${this.codeName})`
    return `MongoDB refused ${this.operation} with error code ${this.code}${name}. Look the code up in MongoDB's documentation`
  }
}

/** Turns a driver error into an outage or a defect. */
export const failureOf = (operation: string, error: unknown): Exit.Exit<never, RepositoryUnavailable> => {
  if (error instanceof NewerSchema || isOutage(error)) {
    return Exit.fail(new RepositoryUnavailable({ operation, cause: error }))
  }
  const code = codeOf(error)
  return Exit.die(
    code === undefined ? error : new UnexpectedAnswer({ operation, code, codeName: textOf(error, "codeName") }),
  )
}

/** Whether a unique index refused the write. The error quotes the digest, so it must not leave the adapter. */
export const isDuplicateKey = (error: unknown): boolean => codeOf(error) === ServerCode.DuplicateKey

/** Whether MongoDB is unavailable or didn't confirm a write. */
const isOutage = (error: unknown): boolean =>
  isTransient(error) || outageNames.has(textOf(error, "name")) || outageCodes.has(codeOf(error))

/** Whether a retry may succeed soon: a lost connection, a primary that stepped down. */
export const isTransient = (error: unknown): boolean =>
  transientNames.has(textOf(error, "name")) ||
  transientCodes.has(codeOf(error)) ||
  networkCodes.has(textOf(error, "code")) ||
  labelsOf(error).some((label) => retryableLabels.has(label))

/** The server's error code; `undefined` if the error isn't from the server. */
export const codeOf = (error: unknown): number | undefined => {
  const code = fieldOf(error, "code")
  return typeof code === "number" ? code : undefined
}

/** Codes of Node's socket and DNS errors, which the driver sometimes passes on unwrapped. */
const networkCodes: ReadonlySet<string> = new Set([
  "EPIPE",
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEOUT",
  "ESERVFAIL",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
])

const retryableLabels: ReadonlySet<unknown> = new Set(["RetryableWriteError", "RetryableError"])

const transientNames: ReadonlySet<string> = new Set([
  "MongoNetworkError",
  "MongoNetworkTimeoutError",
  "MongoPoolClearedError",
  "PoolClearedOnNetworkError",
  "MongoStalePrimaryError",
])

const outageNames: ReadonlySet<string> = new Set([
  "MongoServerSelectionError",
  "MongoOperationTimeoutError",
  "MongoWaitQueueTimeoutError",
  "MongoWriteConcernError",
  "MongoNotConnectedError",
  "MongoClientClosedError",
  "MongoTopologyClosedError",
  "MongoServerClosedError",
  "MongoPoolClosedError",
])

const labelsOf = (error: unknown): ReadonlyArray<unknown> => {
  const labels = fieldOf(error, "errorLabels")
  return Array.isArray(labels) ? labels : []
}

const textOf = (error: unknown, field: string): string => {
  const value = fieldOf(error, field)
  return typeof value === "string" ? value : ""
}

const fieldOf = (error: unknown, field: string): unknown =>
  typeof error === "object" && error !== null ? (error as Readonly<Record<string, unknown>>)[field] : undefined
