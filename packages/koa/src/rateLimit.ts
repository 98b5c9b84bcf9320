/** Puts limits on how often each token, owner and address may call. */
import type { RateLimits, RateLimitVerdict } from "@tokenry/http"
import type { Middleware } from "koa"
import { type AnswerableContext, writeAnswer } from "./writeAnswer.ts"

/**
 * Middleware for before any `bearer`, which asks these limits then: of the token and its owner if the token is accepted, of
 * the address if it is refused. What is within its limits has the fields `RateLimit-Policy` and `RateLimit`; one too
 * many is answered with 429 and `Retry-After`, and what comes after `bearer` does not run. A request without a token has
 * no limit.
 *
 * The address is `ctx.ip`: behind proxies, set `app.proxy`, and `app.maxIpsCount` to their number, or clients could give
 * any address that they like.
 */
export const rateLimit = (limits: RateLimits): Middleware<unknown, unknown> =>
  async function rateLimit(ctx, next) {
    ;(ctx.state as Limited)[key] = limits
    return next()
  }

/** Of the `rateLimit` that the request has passed; `undefined` if it has passed none. */
export const rateLimitsOf = (state: object): RateLimits | undefined => (state as Limited)[key]

/**
 * Whether a request may go on: for limits of your own. Sets the fields on the response then; if not, writes the answer,
 * and nothing more is to be done.
 */
export const isWithinLimits = (ctx: AnswerableContext, verdict: RateLimitVerdict): boolean => {
  if (verdict.allowed) ctx.set(verdict.headers)
  else writeAnswer(ctx, verdict.answer)
  return verdict.allowed
}

const key = Symbol("@tokenry/koa/rateLimit")

interface Limited {
  [key]?: RateLimits
}
