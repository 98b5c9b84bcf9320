/** What a thrown value comes to, by the conventions of errors for HTTP: `status`, `expose` and `headers`. */
import { type HttpAnswer, isCoreError, type ProblemAnswers } from "@tokenry/http"
import { statusPhrases } from "./statusPhrases.ts"

/** The answer to whatever was thrown; the id is that of the occurrence. */
export const answerToThrown = (answers: ProblemAnswers, thrown: unknown, id: string): HttpAnswer => {
  if (isCoreError(thrown)) return answers.ofError(thrown, id)
  const status = statusOf(thrown)
  if (status === undefined || status === 500) return answers.internalError(id)
  const phrase = statusPhrases[status] as string
  if (status > 500) return answers.ofStatus(status, phrase, { instance: `urn:uuid:${id}` })
  const { expose, message } = thrown as HttpErrorLike
  return expose === true && typeof message === "string" && message !== phrase
    ? answers.ofStatus(status, phrase, { detail: message })
    : answers.ofStatus(status, phrase)
}

/** The answer that says no more than its status. */
export const answerToStatus = (answers: ProblemAnswers, status: number): HttpAnswer =>
  answers.ofStatus(status, statusPhrases[status] ?? "Error")

/** The headers that an error with a status brings along; those that HTTP does not allow are left out. */
export const headersOfThrown = (thrown: unknown): Headers => {
  const headers = new Headers()
  if (isCoreError(thrown) || statusOf(thrown) === undefined) return headers
  const brought = (thrown as HttpErrorLike).headers
  if (typeof brought !== "object" || brought === null) return headers
  for (const [name, value] of brought instanceof Headers ? brought : Object.entries(brought)) {
    try {
      headers.append(name, String(value))
    } catch {
      // An error's header that HTTP does not allow is no reason to keep the answer back.
    }
  }
  return headers
}

interface HttpErrorLike {
  readonly status?: unknown
  readonly statusCode?: unknown
  readonly expose?: unknown
  readonly message?: unknown
  readonly headers?: unknown
}

/** The status that an error asks to be answered with; `undefined` if it asks for none, or for one that is no error. */
const statusOf = (thrown: unknown): number | undefined => {
  if (!(thrown instanceof Error)) return undefined
  const status = (thrown as HttpErrorLike).status ?? (thrown as HttpErrorLike).statusCode
  return typeof status === "number" && statusPhrases[status] !== undefined ? status : undefined
}
