/** Hands on what a request's `bearer` works with to what follows it, so that it is told only once. */
import type { PromiseApiTokens } from "@tokenry/core/promise"
import type { BearerAnswers } from "@tokenry/http"

/** What verifies; and notes which scopes are exercised, if it can. */
export type VerifyingTokens = Pick<PromiseApiTokens, "verify"> & Partial<Pick<PromiseApiTokens, "exercised">>

/** What the `bearer` that let a request pass works with. */
export interface Passage {
  readonly answers: BearerAnswers
  readonly tokens: VerifyingTokens
}

const key = Symbol("@tokenry/koa/passage")

interface Authenticated {
  [key]?: Passage
}

/** Marks a request's state as one that a `bearer` let pass. (In the context it would slow down all that Koa does with it.) */
export const rememberPassage = (state: object, passage: Passage): void => {
  ;(state as Authenticated)[key] = passage
}

/** Of the `bearer` that let the request pass; `undefined` if none did. */
export const passageOf = (state: object): Passage | undefined => (state as Authenticated)[key]
