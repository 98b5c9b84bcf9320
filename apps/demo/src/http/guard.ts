/** The guard of every route a token can call. */
import type { PromiseApiTokens } from "@tokenry/core/promise"
import { type DpopVerifier, ProblemAnswers, type RateLimits } from "@tokenry/http"
import { bearer, type Bearer } from "@tokenry/koa"
import type { DemoScope } from "../scopes.ts"
import { protectionOf } from "./protection.ts"

interface GuardedService {
  readonly tokens: PromiseApiTokens<DemoScope>
  readonly publicUrl: string
  readonly limits: RateLimits | undefined
  readonly dpop: DpopVerifier
}

/** The base URL of the problem documentation. */
export const problemBaseOf = ({ publicUrl }: { readonly publicUrl: string }) => `${publicUrl}/problems/`

export const guardOf = ({ tokens, publicUrl, limits, dpop }: GuardedService): Bearer<DemoScope> =>
  bearer({ tokens, limits, dpop, ...protectionOf({ publicUrl }), problemBase: problemBaseOf({ publicUrl }) })

/** Responses to requests that fail for any reason other than their token. */
export const problemsOf = (service: { readonly publicUrl: string }): ProblemAnswers =>
  ProblemAnswers.make({ problemBase: problemBaseOf(service) })
