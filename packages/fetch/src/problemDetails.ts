/** Turns every error of a handler into problem details (RFC 9457). */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import {
  answerToStatus,
  answerToThrown,
  checkProblemDetailsOptions,
  headersOfThrown,
  ProblemAnswers,
  type ProblemOptions,
} from "@tokenry/http"
import { type ErrorReporter, reportTo } from "./reportTo.ts"
import { toResponse } from "./toResponse.ts"

export interface ErrorOccurrence {
  /** A UUID. The response has it as `instance`: `urn:uuid:…`. */
  readonly id: string
  readonly request: Request
}

export interface ProblemDetailsOptions extends ProblemOptions {
  /**
   * Receives every error that is answered with a status of 500 or more, and malformed bodies, so you can log them. The
   * client learns nothing about the error. Default: `console.error`.
   */
  readonly onError?: ErrorReporter<ErrorOccurrence> | undefined
}

type Handler<In extends Request, Rest extends ReadonlyArray<unknown>> = (
  request: In,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Wraps a handler so that it always answers. Turns errors it throws into problems: core errors, errors with a status
 * (clients see the message only with `expose`, and never from 500 up; the error's headers are sent), a SyntaxError
 * after the body was read, for example by `request.json()`, and all others as 500 with an id. A thrown Response is
 * returned. A response of 400 or more without a body gets a problem as its body and keeps its headers.
 *
 * @throws TypeError when made, naming the option, if one is unknown or of the wrong type; Error if `problemBase` is not
 *   an absolute URL that ends with `/` or `#`.
 */
export const problemDetails = (options: ProblemDetailsOptions = {}) => {
  checkProblemDetailsOptions(options, ownRules)
  const { problemBase, onError } = options
  const answers = ProblemAnswers.make({ problemBase })
  const report = reportTo(onError)

  const answering = async (thrown: unknown, request: Request): Promise<Response> => {
    const id = crypto.randomUUID()
    const hasParseFailure = thrown instanceof SyntaxError && request.bodyUsed
    const answer = hasParseFailure ? answers.unreadableBody : answerToThrown(answers, thrown, id)
    if (hasParseFailure || answer.status >= 500) await report(thrown, { id, request })
    const response = toResponse(answer)
    for (const [name, value] of headersOfThrown(thrown)) {
      if (!describesBody(name)) append(response.headers, name, value)
    }
    return response
  }

  return <In extends Request, Rest extends ReadonlyArray<unknown>>(handler: Handler<In, Rest>) =>
    async (request: In, ...rest: Rest): Promise<Response> => {
      let response: Response
      try {
        response = await handler(request, ...rest)
      } catch (thrown) {
        if (!(thrown instanceof Response)) return answering(thrown, request)
        response = thrown
      }
      return response.status >= 400 && response.body === null ? withProblem(answers, response) : response
    }
}

const ownRules: OptionRules<Pick<ProblemDetailsOptions, "onError">> = {
  onError: [isFunction, "write onError: (error, { id, request }) => { … }"],
}

const withProblem = (answers: ProblemAnswers, bare: Response): Response => {
  const response = toResponse(answerToStatus(answers, bare.status))
  for (const [name, value] of bare.headers) if (!describesBody(name)) response.headers.append(name, value)
  return response
}

const append = (headers: Headers, name: string, value: unknown): void => {
  try {
    headers.append(name, String(value))
  } catch {
    // An illegal header must not prevent the response.
  }
}

/** Headers that describe the discarded body, or how long to cache it. */
const describesBody = (name: string): boolean =>
  /^(?:content-(?!security-policy)|transfer-encoding$|cache-control$)/i.test(name)
