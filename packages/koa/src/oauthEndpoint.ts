/** What the endpoints of OAuth have in common: where they are, and their answer when the store is not available. */
import { type HttpAnswer, isCoreError, OAuthAnswers } from "@tokenry/http"
import { Duration } from "effect"
import type { Context } from "koa"
import { reportToApp } from "./reportToApp.ts"
import { writeAnswer } from "./writeAnswer.ts"

export interface EndpointOptions {
  /** Exactly as it is in the request, below whatever it is mounted at. `null`: wherever a router's route brings it. */
  readonly path?: string | null | undefined
  /** How long to wait for a body that no parser has read yet, at most 10 minutes. The default is 10 seconds. */
  readonly bodyTimeout?: Duration.Input | undefined
}

/** @throws RangeError if it is nothing, or more than 10 minutes. */
export const bodyTimeoutMilliseconds = ({ bodyTimeout = "10 seconds" }: EndpointOptions): number => {
  const milliseconds = Duration.toMillis(bodyTimeout)
  if (!(milliseconds > 0 && milliseconds <= 600_000)) {
    throw new RangeError("bodyTimeout must be more than nothing and at most 10 minutes")
  }
  return milliseconds
}

export const isAt = (path: string | null, ctx: Pick<Context, "path">): boolean => path === null || ctx.path === path

/** Whether the request's method is one of these; if not, it is answered with 405. */
export const isAllowed = (ctx: Context, ...methods: ReadonlyArray<string>): boolean => {
  if (methods.includes(ctx.method)) return true
  writeAnswer(ctx, OAuthAnswers.methodNotAllowed(methods))
  return false
}

/** Writes the answer. A store that is not available is answered with 503, and told to the application. */
export const answering = async (ctx: Context, answer: () => Promise<HttpAnswer>): Promise<void> => {
  try {
    writeAnswer(ctx, await answer())
  } catch (error) {
    if (!isCoreError(error) || error._tag !== "RepositoryUnavailable") throw error
    reportToApp(error, ctx)
    writeAnswer(ctx, OAuthAnswers.storeUnavailable)
  }
}
