/** Turns errors into responses: the core's into Hono's conventions, and everything into problem details. */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import {
  answerToThrown,
  checkProblemDetailsOptions,
  headersOfThrown,
  httpErrorOf,
  ProblemAnswers,
  type ProblemOptions,
  TokenryHttpError,
} from "@tokenry/http"
import type { Context, Env, ErrorHandler, NotFoundHandler } from "hono"
import { HTTPException } from "hono/http-exception"
import type { ContentfulStatusCode } from "hono/utils/http-status"
import { printError, setHeaders, toResponse } from "./messages.ts"

/**
 * Wraps an error handler so that it receives use case errors as an `HTTPException`: 400, 403, 404, 409, 412, 422 or 503. Its
 * `cause` is a `TokenryHttpError` with a stable `code` (`PolicyViolation`) and the `issues` of an input. `Retry-After` is
 * already set. Other errors pass unchanged.
 *
 *     app.onError(httpErrors((error, c) => c.json({ error: error.message }, error instanceof HTTPException ? error.status : 500)))
 */
export const httpErrors =
  <E extends Env>(handler: ErrorHandler<E>): ErrorHandler<E> =>
  (error, c) => {
    const converted = httpErrorOf(error)
    if (!(converted instanceof TokenryHttpError)) return handler(error, c)
    setHeaders(c, converted.headers)
    // Clients must not see the store's own error messages.
    const message = converted.expose ? converted.message : "Service unavailable"
    return handler(new HTTPException(converted.status as ContentfulStatusCode, { message, cause: converted }), c)
  }

export interface ProblemDetailsOptions extends ProblemOptions {
  /**
   * Receives every error that is answered with a status of 500 or more, and the id the client gets, a UUID, so you can
   * log it. The client learns nothing about the error. Default: `console.error`.
   */
  readonly onError?: ((error: unknown, occurrence: { readonly id: string; readonly c: Context }) => void) | undefined
}

/**
 * Handlers that answer errors and unknown routes with problem details (RFC 9457): core errors, errors with a status
 * such as `HTTPException` (clients see the message only with `expose`, and never from 500 up), and all others as 500 with
 * an id. An `HTTPException` made with a response of its own keeps it.
 *
 *     const problems = problemDetails({ problemBase })
 *     app.onError(problems.onError)
 *     app.notFound(problems.notFound)
 *
 * @throws TypeError when made, naming the option, if one is unknown or of the wrong type; Error if `problemBase` is not
 *   an absolute URL that ends with `/` or `#`.
 */
export const problemDetails = (
  options: ProblemDetailsOptions = {},
): { readonly onError: ErrorHandler; readonly notFound: NotFoundHandler } => {
  checkProblemDetailsOptions(options, ownRules)
  const { problemBase, onError = printError } = options
  const answers = ProblemAnswers.make({ problemBase })
  return {
    notFound: (c) => toResponse(c, answers.notFound),
    onError: (error, c) => {
      if (error instanceof HTTPException && error.res !== undefined) return error.res
      const id = crypto.randomUUID()
      const answer = answerToThrown(answers, error, id)
      if (answer.status >= 500) onError(error, { id, c })
      const headers = headersOfThrown(error).map(([name, value]) => [name, String(value)] as const)
      setHeaders(c, Object.fromEntries(headers))
      return toResponse(c, answer)
    },
  }
}

const ownRules: OptionRules<Pick<ProblemDetailsOptions, "onError">> = {
  onError: [isFunction, "write onError: (error, { id, c }) => { … }"],
}
