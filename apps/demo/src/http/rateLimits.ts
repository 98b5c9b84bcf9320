/** How often tokens, sessions and addresses may call, and how often somebody may try to sign in. */
import { createHash } from "node:crypto"
import { ProblemAnswers, rateLimitAddress, type RateLimitClaim, RateLimits, type RateLimitVerdict } from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import type { RateCounters } from "../store/rateCounters.ts"

/** Of each limit. */
export const windowSeconds = 60

/** All an owner's tokens together may call as often as this many of them. */
const tokensPerOwner = 5

/** How many attempts to sign in may fail, from one address. */
interface FailedSignIns {
  /** For one account. */
  readonly perAccount: number
  /** For whatever accounts. */
  readonly perAddress: number
}

export interface DemoRateLimits {
  /** For the guard. */
  readonly ofTokens: RateLimits | undefined
  /**
   * For after what reads the session. An account's sessions count as one token, and not towards its owner's: who has a
   * token that runs wild must be able to come and revoke it.
   */
  readonly ofSessions: Koa.Middleware
  /** For before a token is revoked by its plaintext: an address may try as often as a token may call (RFC 7009 §5). */
  readonly ofRevocations: Koa.Middleware
  /**
   * Whether somebody may try a password; if not, it is answered. To be asked before it is known whether there is such an
   * account, or the answer would tell. An account as such has no limit, or anybody could lock its person out.
   */
  readonly maySignIn: (ctx: Koa.Context, email: string) => Promise<boolean>
  /** The attempt was no failure after all. */
  readonly signedIn: (ctx: Koa.Context, email: string) => Promise<void>
}

export interface DemoRateLimitsOptions {
  readonly problemBase: string
  /**
   * Requests per minute and token; so many different wrong tokens may come from an address, too. `off` lifts all limits
   * but those of signing in.
   */
  readonly limit: number | "off"
  /** The default is 30 and 120 a minute. */
  readonly failedSignIns?: FailedSignIns
  readonly counters: RateCounters
  /** Receives what goes wrong in counting, once for each outage. */
  readonly onError: (cause: unknown) => void
}

export const limited = ({
  problemBase,
  limit,
  failedSignIns = { perAccount: 30, perAddress: 120 },
  counters,
  onError,
}: DemoRateLimitsOptions): DemoRateLimits => {
  const signInPerAddress = counters.counter("sign-in-address", failedSignIns.perAddress)
  const signInPerAccount = counters.counter("sign-in-account", failedSignIns.perAccount)
  const limits = RateLimits.make({
    ...(limit !== "off" && {
      perToken: counters.counter("token", limit),
      perOwner: counters.counter("owner", limit * tokensPerOwner),
      failedPerAddress: counters.counter("failed", limit),
    }),
    whenUnavailable: "allow",
    onError,
  })
  const perSession = limit === "off" ? undefined : counters.counter("session", limit)
  const perRevoker = limit === "off" ? undefined : counters.counter("revocation", limit)

  /** The address first: the emails that it may name are bounded then. */
  const attemptOf = (ctx: Koa.Context, email: string) => {
    const address = rateLimitAddress(ctx.ip)
    return [
      { limiter: signInPerAddress, key: address, policy: "sign-in-address" },
      { limiter: signInPerAccount, key: `${address} ${hashOf(email.toLowerCase())}`, policy: "sign-in-account" },
    ] as const satisfies ReadonlyArray<RateLimitClaim>
  }

  const { tooManyRequests, storeUnavailable } = ProblemAnswers.make({ problemBase })

  /** Whether the request may go on; if not, it is answered. */
  const isWithinLimits = (ctx: Koa.Context, verdict: RateLimitVerdict): boolean => {
    if (verdict.allowed) ctx.set(verdict.headers)
    else writeAnswer(ctx, verdict.reason === "unavailable" ? storeUnavailable : tooManyRequests(verdict.headers))
    return verdict.allowed
  }

  return {
    ofTokens: limits,
    ofSessions: async function ofSessions(ctx, next) {
      const accountId: unknown = ctx["session"]?.accountId
      if (perSession === undefined || typeof accountId !== "string") return next()
      const verdict = await limits.of([{ limiter: perSession, key: accountId, policy: "default" }])
      if (isWithinLimits(ctx, verdict)) return next()
    },
    ofRevocations: async function ofRevocations(ctx, next) {
      if (perRevoker === undefined) return next()
      const claim = { limiter: perRevoker, key: rateLimitAddress(ctx.ip), policy: "revocation" }
      if (isWithinLimits(ctx, await limits.of([claim]))) return next()
    },
    maySignIn: async (ctx, email) => {
      const verdict = await limits.of(attemptOf(ctx, email))
      return verdict.allowed || isWithinLimits(ctx, verdict)
    },
    signedIn: async (ctx, email) => {
      await Promise.all(attemptOf(ctx, email).map(({ limiter, key }) => limiter.giveBack(key)))
    },
  }
}

/** Of an email address, which is long or odd at will. */
const hashOf = (email: string): string => createHash("sha256").update(email).digest("base64url")
