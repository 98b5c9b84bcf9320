/** Turns whatever goes wrong in an application into problem details (RFC 9457). */
import { randomUUID } from "node:crypto"
import { checkOptions, isFunction, type OptionRules } from "@tokenry/core/adapter"
import {
  answerToStatus,
  answerToThrown,
  headersOfThrown,
  ProblemAnswers,
  type ProblemOptions,
  problemOptionRules,
} from "@tokenry/http"
import type { Middleware, ParameterizedContext } from "koa"
import { reportToApp } from "./reportToApp.ts"
import { dropHeadersOfAbandonedBody, setHeaders } from "./responseHeaders.ts"
import { writeAnswer } from "./writeAnswer.ts"

export interface ErrorOccurrence {
  /** A UUID; in the answer it is `instance`, as `urn:uuid:…`. */
  readonly id: string
  readonly ctx: ParameterizedContext
}

export interface ProblemDetailsOptions extends ProblemOptions {
  /**
   * Told of each error that is answered with a status of 500 or more, or that came too late to be answered, in order to
   * log it. The client is told nothing of the error. Without it, Koa's `error` event tells the application.
   */
  readonly onError?: ((error: unknown, occurrence: ErrorOccurrence) => void | Promise<void>) | undefined
}

/**
 * The outermost middleware. What is thrown downstream becomes its problem: the errors of the core, those with a status
 * as of `ctx.throw` and of body parsers (their message is told only if they say `expose`, and never from 500 on), and
 * everything else as 500 with an id. So does an answer of 400 or more that has no body, as Koa's own 404.
 *
 * Headers that were set before the error stay, but for those that describe the body that is not sent (`Content-*`,
 * `ETag`, `Cache-Control` …) and `Set-Cookie`; those that the error brings (`err.headers`) are set. If headers were sent
 * already, nothing more is written: the connection is cut, so that half an answer does not look like a whole one.
 *
 * @throws TypeError when made, naming the option, if one is unknown or of the wrong type; Error if `problemBase` is not an
 *   absolute URL that ends with `/` or `#`.
 */
export const problemDetails = (options: ProblemDetailsOptions = {}): Middleware<unknown, unknown> => {
  checkOptions("problemDetails", options, optionRules)
  const { problemBase, onError } = options
  const answers = ProblemAnswers.make({ problemBase })

  const report = async (error: unknown, occurrence: ErrorOccurrence): Promise<void> => {
    if (onError === undefined) return reportToApp(error, occurrence.ctx)
    try {
      await onError(error, occurrence)
    } catch (failure) {
      reportToApp(failure, occurrence.ctx)
    }
  }

  return async function problemDetails(ctx, next) {
    try {
      await next()
    } catch (thrown) {
      const id = randomUUID()
      const answer = answerToThrown(answers, thrown, id)
      if (ctx.headerSent || answer.status >= 500) void report(thrown, { id, ctx })
      if (ctx.headerSent) {
        ctx.respond = false
        if (!ctx.res.writableEnded) ctx.res.destroy()
        return
      }
      dropHeadersOfAbandonedBody(ctx.res)
      writeAnswer(ctx, answer)
      setHeaders(ctx, headersOfThrown(thrown))
      return
    }
    if (isErrorWithoutBody(ctx)) writeAnswer(ctx, answerToStatus(answers, ctx.status))
  }
}

const optionRules: OptionRules<ProblemDetailsOptions> = {
  ...problemOptionRules,
  onError: [isFunction, "write onError: (error, { id, ctx }) => { … }"],
}

const isErrorWithoutBody = (ctx: ParameterizedContext): boolean =>
  ctx.status >= 400 && (ctx.body === undefined || ctx.body === null) && ctx.respond !== false && !ctx.headerSent
