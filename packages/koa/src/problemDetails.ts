/** Turns every error of an application into problem details (RFC 9457). */
import { randomUUID } from "node:crypto"
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import {
  answerToStatus,
  answerToThrown,
  checkProblemDetailsOptions,
  headersOfThrown,
  ProblemAnswers,
  type ProblemOptions,
} from "@tokenry/http"
import type { Middleware, ParameterizedContext } from "koa"
import { reportToApp } from "./reportToApp.ts"
import { dropHeadersOfAbandonedBody, setHeaders } from "./responseHeaders.ts"
import { writeAnswer } from "./writeAnswer.ts"

export interface ErrorOccurrence {
  /** A UUID. The response has it as `instance`: `urn:uuid:…`. */
  readonly id: string
  readonly ctx: ParameterizedContext
}

export interface ProblemDetailsOptions extends ProblemOptions {
  /**
   * Receives every error that is answered with a status of 500 or more, or that occurs too late to be answered, so you
   * can log it. The client learns nothing about the error. Default: Koa's `error` event.
   */
  readonly onError?: ((error: unknown, occurrence: ErrorOccurrence) => void | Promise<void>) | undefined
}

/**
 * The outermost middleware. Turns errors thrown downstream into problems: core errors, errors with a status such as
 * those of `ctx.throw` and body parsers (clients see the message only with `expose`, and never from 500 up), and all
 * others as 500 with an id. Responses of 400 or more without a body, such as Koa's own 404, become problems too.
 *
 * Headers set before the error stay, except `Set-Cookie` and those that describe the discarded body (`Content-*`,
 * `ETag`, `Cache-Control` …). The error's own headers (`err.headers`) are set. If headers were already sent, the
 * connection is closed, so that a truncated response doesn't look complete.
 *
 * @throws TypeError when made, naming the option, if one is unknown or of the wrong type; Error if `problemBase` is not
 *   an absolute URL that ends with `/` or `#`.
 */
export const problemDetails = (options: ProblemDetailsOptions = {}): Middleware<unknown, unknown> => {
  checkProblemDetailsOptions(options, ownRules)
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

const ownRules: OptionRules<Pick<ProblemDetailsOptions, "onError">> = {
  onError: [isFunction, "write onError: (error, { id, ctx }) => { … }"],
}

const isErrorWithoutBody = (ctx: ParameterizedContext): boolean =>
  ctx.status >= 400 && (ctx.body === undefined || ctx.body === null) && ctx.respond !== false && !ctx.headerSent
