/** A core error following the conventions Node's frameworks share: `status`, `expose`, `headers`. */
import { type ApiTokensError, type ErrorCode, type InputIssue, isApiTokensError } from "@tokenry/core"
import { retryAfterSeconds, slugsByCode } from "./ProblemAnswers.ts"
import { problemTypes } from "./problemTypes.ts"

/** What Koa, Express, Fastify and http-errors understand. The core error is its `cause`. */
export class TokenryHttpError extends Error {
  override readonly name = "TokenryHttpError"
  /** 400, 403, 404, 409, 412, 422, 500 or 503. */
  readonly status: number
  readonly statusCode: number
  /** Whether the client may see the message: below 500. */
  readonly expose: boolean
  readonly headers: Readonly<Record<string, string>>
  /** A stable code: the core error's `_tag`. */
  readonly code: ErrorCode
  /** Every problem with the input, if the input caused the error. */
  readonly issues: ReadonlyArray<InputIssue>

  constructor(error: ApiTokensError) {
    super(error.message, { cause: error })
    const { status } = problemTypes[slugsByCode[error._tag]]
    this.status = status
    this.statusCode = status
    this.expose = status < 500
    this.headers = status === 503 ? { "Retry-After": String(retryAfterSeconds) } : {}
    this.code = error._tag
    this.issues = "issues" in error ? error.issues : []
  }
}

/** Returns the value unchanged unless it is a core error. */
export const httpErrorOf = (thrown: unknown): unknown =>
  isApiTokensError(thrown) ? new TokenryHttpError(thrown) : thrown
