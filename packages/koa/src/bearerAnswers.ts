/** Hands the answers of a request's `bearer` on to what follows it, so that realm and problem types are told only once. */
import type { BearerAnswers } from "@tokenry/http"

const key = Symbol("@tokenry/koa/bearerAnswers")

interface Authenticated {
  [key]?: BearerAnswers
}

/** Marks a request's state as one that a `bearer` let pass. (In the context it would slow down all that Koa does with it.) */
export const rememberAnswers = (state: object, answers: BearerAnswers): void => {
  ;(state as Authenticated)[key] = answers
}

/** The answers of the `bearer` that let the request pass; `undefined` if none did. */
export const rememberedAnswers = (state: object): BearerAnswers | undefined => (state as Authenticated)[key]
