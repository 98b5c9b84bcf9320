/** Turns errors into responses: the core's into Express' conventions, and everything into problem details. */
import { randomUUID } from "node:crypto"
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import {
  answerToThrown,
  checkProblemDetailsOptions,
  headersOfThrown,
  httpErrorOf,
  ProblemAnswers,
  type ProblemOptions,
} from "@tokenry/http"
import { addVary, type Next, type NodeRequest, type NodeResponse, printError, writeAnswer } from "./NodeMessages.ts"

/** Express recognises error middleware by its four parameters. */
export type ErrorMiddleware = (error: unknown, req: NodeRequest, res: NodeResponse, next: Next) => void

/**
 * Error middleware that converts use case errors to ones with `status`, `statusCode`, `expose` and `headers`, which
 * Express and the usual `res.status(error.status ?? 500)` understand: 400, 403, 404, 409, 412, 422 and 503.
 * `error.code` is the stable code (`PolicyViolation`), `error.issues` lists the problems with an input, and the core
 * error is the `cause`. Put it before your error handler. Other errors pass unchanged.
 */
export const httpErrors = (): ErrorMiddleware => passConverted

/** Express needs all four parameters to recognise error middleware. */
const passConverted: ErrorMiddleware = (error, _req, _res, next) => next(httpErrorOf(error))

export interface ProblemDetailsOptions extends ProblemOptions {
  /**
   * Receives every error that is answered with a status of 500 or more, and the id the client gets, a UUID, so you can
   * log it. The client learns nothing about the error. Default: `console.error`.
   */
  readonly onError?:
    | ((error: unknown, occurrence: { readonly id: string; readonly req: NodeRequest }) => void)
    | undefined
}

/** Error middleware, plus a handler for requests that match no route. */
export interface ProblemDetails extends ErrorMiddleware {
  /** Middleware to register after all routes: 404. */
  readonly notFound: (req: NodeRequest, res: NodeResponse) => void
}

/**
 * Error middleware that answers errors with problem details (RFC 9457): core errors, errors with a status such as those of
 * body parsers (clients see the message only with `expose`, and never from 500 up), and all others as 500 with an id. If headers were sent already, Express cuts the connection.
 *
 *     const problems = problemDetails({ problemBase })
 *     app.use(problems.notFound).use(problems)
 *
 * @throws TypeError when made, naming the option, if one is unknown or of the wrong type; Error if `problemBase` is not
 *   an absolute URL that ends with `/` or `#`.
 */
export const problemDetails = (options: ProblemDetailsOptions = {}): ProblemDetails => {
  checkProblemDetailsOptions(options, ownRules)
  const { problemBase, onError = printError } = options
  const answers = ProblemAnswers.make({ problemBase })
  const problemDetails: ErrorMiddleware = (error, req, res, next) => {
    const id = randomUUID()
    const answer = answerToThrown(answers, error, id)
    if (answer.status >= 500 || res.headersSent) onError(error, { id, req })
    if (res.headersSent) return next(error)
    for (const name of res.getHeaderNames()) if (describesBody(name)) res.removeHeader(name)
    setHeadersOfError(res, headersOfThrown(error))
    writeAnswer(res, answer)
  }
  return Object.assign(problemDetails, {
    notFound: (_req: NodeRequest, res: NodeResponse) => writeAnswer(res, answers.notFound),
  })
}

const ownRules: OptionRules<Pick<ProblemDetailsOptions, "onError">> = {
  onError: [isFunction, "write onError: (error, { id, req }) => { … }"],
}

/** Headers that describe the discarded body, or how long to cache it, and cookies of the failed request. */
const describesBody = (name: string): boolean =>
  /^(?:content-(?!security-policy)|(?:transfer-encoding|cache-control|etag|expires|last-modified|location|set-cookie)$)/i.test(
    name,
  )

const setHeadersOfError = (res: NodeResponse, headers: ReturnType<typeof headersOfThrown>): void => {
  for (const [name, value] of headers) {
    if (describesBody(name)) continue
    try {
      if (name.toLowerCase() === "vary") addVary(res, String(value))
      else res.setHeader(name, Array.isArray(value) ? value.map(String) : String(value))
    } catch {
      // An illegal header must not prevent the response.
    }
  }
}
