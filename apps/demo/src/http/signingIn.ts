/** Checks an email address and a password: the only place where passwords are tried. */
import { createHmac, randomBytes } from "node:crypto"
import { STATUS_CODES } from "node:http"
import { type HttpAnswer, ProblemAnswers } from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import { QueueFull } from "../boundedQueue.ts"
import { isPassword } from "../passwords.ts"
import type { Services } from "../Services.ts"
import type { Account } from "../store/Store.ts"

/** `Answered`: too many attempts, from this address or in total, and the response is already set. */
export type Attempt =
  | { readonly _tag: "Right"; readonly account: Account }
  | { readonly _tag: "Wrong" }
  | { readonly _tag: "Answered" }

/** What the log records about a password attempt. */
export interface AttemptState {
  /** The account's id or, for an unknown address, its hash under a key that only this process knows. */
  triedAccount?: string
}

const [longestEmail, longestPassword] = [320, 1000] as const

/**
 * Tries a password within the limits. Unknown addresses, wrong passwords and deactivated accounts all give `Wrong` and
 * take equally long.
 */
export const tryPassword = (
  services: Services,
): ((ctx: Koa.Context, email: string, password: string) => Promise<Attempt>) => {
  const { store, rateLimits, publicUrl } = services
  const busy = busyAnswer(publicUrl)
  return async (ctx, email, password) => {
    const state: AttemptState = ctx.state
    state.triedAccount = hashOf(email)
    if (!(await rateLimits.maySignIn(ctx, email))) return { _tag: "Answered" }
    if (email.length > longestEmail || password.length > longestPassword) return { _tag: "Wrong" }
    const account = await store.accounts.findByEmail(email)
    if (account !== undefined) state.triedAccount = account.id
    try {
      const isRight = await isPassword(password, account?.passwordHash)
      if (!isRight || account?.active !== true) return { _tag: "Wrong" }
      await rateLimits.signedIn(ctx, email)
      return { _tag: "Right", account }
    } catch (error) {
      if (!(error instanceof QueueFull)) throw error
      // No password was tried, so this doesn't count as an attempt.
      await rateLimits.signedIn(ctx, email)
      writeAnswer(ctx, busy)
      return { _tag: "Answered" }
    }
  }
}

/** 503, without a log line, because it may answer a flood of requests. */
const busyAnswer = (publicUrl: string): HttpAnswer => {
  const { ofStatus } = ProblemAnswers.make({ problemBase: `${publicUrl}/problems/` })
  const answer = ofStatus(503, STATUS_CODES[503] ?? "", {
    detail: "Too many people are signing in at the same time. Try again in a few seconds",
  })
  return { ...answer, headers: { ...answer.headers, "Retry-After": "5" } }
}

const key = randomBytes(32)

const hashOf = (email: string): string =>
  `unknown:${createHmac("sha256", key).update(email.toLowerCase()).digest("base64url").slice(0, 12)}`
