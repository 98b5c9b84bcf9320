/** Hands the answers of a request's `bearer` on to what follows it, so that realm and problem types are told only once. */
import type { BearerAnswers } from "@tokenry/http"

const key = Symbol("@tokenry/koa/bearerAnswers")

interface Authenticated {
  [key]?: BearerAnswers
}

/** Marks the request as one that a `bearer` let pass. */
export const rememberAnswers = (ctx: object, answers: BearerAnswers): void => {
  ;(ctx as Authenticated)[key] = answers
}

/** The answers of the `bearer` that let the request pass; `undefined` if none did. */
export const rememberedAnswers = (ctx: object): BearerAnswers | undefined => (ctx as Authenticated)[key]
