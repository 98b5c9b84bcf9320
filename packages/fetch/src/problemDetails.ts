/** Turns whatever goes wrong in a handler into problem details (RFC 9457). */
import { checkOptions, isFunction, type OptionRules } from "@tokenry/core/adapter"
import {
  answerToStatus,
  answerToThrown,
  headersOfThrown,
  ProblemAnswers,
  type ProblemOptions,
  problemOptionRules,
} from "@tokenry/http"
import { toResponse } from "./toResponse.ts"

export interface ErrorOccurrence {
  /** A UUID; in the answer it is `instance`, as `urn:uuid:…`. */
  readonly id: string
  readonly request: Request
}

export interface ProblemDetailsOptions extends ProblemOptions {
  /**
   * Told of each error that is answered with a status of 500 or more, and of a body that did not parse, in order to log it.
   * The client is told nothing of the error. Without it `console.error` is.
   */
  readonly onError?: ((error: unknown, occurrence: ErrorOccurrence) => void | Promise<void>) | undefined
}

type Handler<In extends Request, Rest extends ReadonlyArray<unknown>> = (
  request: In,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Makes of a handler one that always answers. What it throws becomes its problem: the errors of the core, those with a
 * status (their message is told only if they say `expose`, and never from 500 on; their headers are sent), a SyntaxError
 * after the body was read, as of `request.json()`, and everything else as 500 with an id. A thrown Response is the
 * response. A response of 400 or more without a body gets its problem for a body; its headers stay.
 *
 * @throws TypeError when made, naming the option, if one is unknown or of the wrong type; Error if `problemBase` is not an
 *   absolute URL that ends with `/` or `#`.
 */
export const problemDetails = (options: ProblemDetailsOptions = {}) => {
  checkOptions("problemDetails", options, optionRules)
  const { problemBase, onError = printError } = options
  const answers = ProblemAnswers.make({ problemBase })

  const report = async (error: unknown, occurrence: ErrorOccurrence): Promise<void> => {
    try {
      await onError(error, occurrence)
    } catch (failure) {
      console.error(failure)
    }
  }

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

const optionRules: OptionRules<ProblemDetailsOptions> = {
  ...problemOptionRules,
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
    // A header that HTTP doesn't allow is no reason to keep the response back.
  }
}

/** The headers that say something of a body, which is not the one that is sent, or of how long to keep it. */
const describesBody = (name: string): boolean =>
  /^(?:content-(?!security-policy)|transfer-encoding$|cache-control$)/i.test(name)

const printError = (error: unknown): void => console.error(error)
