/** Rate limits for tokens, sessions and addresses, and for sign-in attempts. */
import { createHash } from "node:crypto"
import {
  type HttpAnswer,
  OAuthAnswers,
  ProblemAnswers,
  rateLimitAddress,
  type RateLimitClaim,
  RateLimits,
  type RateLimitVerdict,
} from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import type { RateCounters } from "../store/rateCounters.ts"

/** The window of each limit. */
export const windowSeconds = 60

/** All of an owner's tokens together may call as often as this many tokens. */
const tokensPerOwner = 5

/** Each stays for a day, used or not. */
const registrationsPerAddress = 20

/** How many failed sign-ins are allowed from one address. */
interface FailedSignIns {
  /** For one account. */
  readonly perAccount: number
  /** For all accounts together. */
  readonly perAddress: number
}

export interface DemoRateLimits {
  /** For the guard. */
  readonly ofTokens: RateLimits | undefined
  /**
   * For middleware after the session. An account's sessions share one token's limit, but don't count towards the
   * owner's limit: the owner of a runaway token must be able to sign in and revoke it.
   */
  readonly ofSessions: Koa.Middleware
  /** For revocations by plaintext: an address may try as often as a token may call (RFC 7009 §5). OAuth's error format. */
  readonly ofRevocations: Koa.Middleware
  /**
   * For the authorization server: an address may call as often as a token, and register 20 apps a minute. One too many
   * gets an error in OAuth's format.
   */
  readonly ofApps: Koa.Middleware
  /**
   * Whether a password attempt is allowed; if not, the response is already set. Call it before looking up the account,
   * or the response would reveal whether it exists. Accounts have no limit of their own, or anyone could lock people
   * out.
   */
  readonly maySignIn: (ctx: Koa.Context, email: string) => Promise<boolean>
  /** Takes back an attempt that succeeded. */
  readonly signedIn: (ctx: Koa.Context, email: string) => Promise<void>
}

export interface DemoRateLimitsOptions {
  readonly problemBase: string
  /**
   * Requests per minute and token, and how many different wrong tokens an address may send. `off` disables every limit
   * except sign-in.
   */
  readonly limit: number | "off"
  /** Default: 30 and 120 per minute. */
  readonly failedSignIns?: FailedSignIns
  readonly counters: RateCounters
  /** Receives the first counting error of each outage. */
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
  const perApp = limit === "off" ? undefined : counters.counter("app", limit)
  const perRegistrant = limit === "off" ? undefined : counters.counter("registration", registrationsPerAddress)
  const perRevoker = limit === "off" ? undefined : counters.counter("revocation", limit)

  /** The address first, to bound how many emails it can try. */
  const attemptOf = (ctx: Koa.Context, email: string) => {
    const address = rateLimitAddress(ctx.ip)
    return [
      { limiter: signInPerAddress, key: address, policy: "sign-in-address" },
      { limiter: signInPerAccount, key: `${address} ${hashOf(email.toLowerCase())}`, policy: "sign-in-account" },
    ] as const satisfies ReadonlyArray<RateLimitClaim>
  }

  const { tooManyRequests, storeUnavailable } = ProblemAnswers.make({ problemBase })

  const isWithinLimits = isWithin(({ reason, headers }) =>
    reason === "unavailable" ? storeUnavailable : tooManyRequests(headers),
  )
  const isWithinOAuthLimits = isWithin((verdict) =>
    OAuthAnswers.limited(verdict, "Too many requests from this address"),
  )

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
      if (isWithinOAuthLimits(ctx, await limits.of([claim]))) return next()
    },
    ofApps: async function ofApps(ctx, next) {
      if (perApp === undefined || perRegistrant === undefined) return next()
      const key = rateLimitAddress(ctx.ip)
      const registration = { limiter: perRegistrant, key, policy: "registration" }
      const verdict = await limits.of([
        { limiter: perApp, key, policy: "app" },
        ...(ctx.path === "/oauth/register" ? [registration] : []),
      ])
      if (isWithinOAuthLimits(ctx, verdict)) return next()
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

/** Whether the request may proceed; if not, the response is already set. */
const isWithin =
  (refusalOf: (verdict: RateLimitVerdict & { readonly allowed: false }) => HttpAnswer) =>
  (ctx: Koa.Context, verdict: RateLimitVerdict): boolean => {
    if (verdict.allowed) ctx.set(verdict.headers)
    else writeAnswer(ctx, refusalOf(verdict))
    return verdict.allowed
  }

/** Hashed, because an email address can be of any length and content. */
const hashOf = (email: string): string => createHash("sha256").update(email).digest("base64url")
