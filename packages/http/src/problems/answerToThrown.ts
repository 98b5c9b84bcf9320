/** Maps a thrown value to a response, following the HTTP error conventions: `status`, `expose` and `headers`. */
import { isApiTokensError } from "@tokenry/core"
import type { HttpAnswer } from "./HttpAnswer.ts"
import type { ProblemAnswers } from "./ProblemAnswers.ts"
import { statusPhrases } from "./statusPhrases.ts"

/** The response to any thrown value. `id` identifies the occurrence. */
export const answerToThrown = (answers: ProblemAnswers, thrown: unknown, id: string): HttpAnswer => {
  if (isApiTokensError(thrown)) return answers.ofError(thrown, id)
  const status = statusOf(thrown)
  if (status === undefined || status === 500) return answers.internalError(id)
  const phrase = statusPhrases[status] as string
  if (status > 500) return answers.ofStatus(status, phrase, { instance: `urn:uuid:${id}` })
  if (status === 400 && isParseFailure(thrown)) return answers.unreadableBody
  const { expose, message } = thrown as HttpErrorLike
  return expose === true && typeof message === "string" && message !== phrase
    ? answers.ofStatus(status, phrase, { detail: message })
    : answers.ofStatus(status, phrase)
}

/** A response that reveals only its status. */
export const answerToStatus = (answers: ProblemAnswers, status: number): HttpAnswer =>
  answers.ofStatus(status, statusPhrases[status] ?? "Error")

/** The headers attached to an error with a status, as in `ctx.throw(401, { headers })`. */
export const headersOfThrown = (thrown: unknown): ReadonlyArray<readonly [name: string, value: unknown]> => {
  if (isApiTokensError(thrown) || statusOf(thrown) === undefined) return []
  const { headers } = thrown as HttpErrorLike
  if (typeof headers !== "object" || headers === null) return []
  return headers instanceof Headers ? [...headers] : Object.entries(headers)
}

interface HttpErrorLike {
  readonly status?: unknown
  readonly statusCode?: unknown
  readonly expose?: unknown
  readonly message?: unknown
  readonly headers?: unknown
  readonly type?: unknown
  readonly body?: unknown
}

/** The error's HTTP status; `undefined` if it has none or one below 400. */
const statusOf = (thrown: unknown): number | undefined => {
  if (!isError(thrown)) return undefined
  const status = (thrown as HttpErrorLike).status ?? (thrown as HttpErrorLike).statusCode
  return typeof status === "number" && status >= 400 && statusPhrases[status] !== undefined ? status : undefined
}

/** Koa's test, which also accepts errors from another realm. */
const isError = (thrown: unknown): thrown is Error =>
  thrown instanceof Error || Object.prototype.toString.call(thrown) === "[object Error]"

/**
 * What body parsers throw for malformed bodies. Their message quotes the body, which may hold a secret, so the client
 * never sees it.
 */
const isParseFailure = (thrown: unknown): boolean => {
  const { type, body } = thrown as HttpErrorLike
  return thrown instanceof SyntaxError || type === "entity.parse.failed" || typeof body === "string"
}
