/** Rate limits per token, owner and address, and the response when one is exceeded (RFC 6585 §4). */
import { checkOptions, isFunction, isOneOf, type OptionRule, type OptionRules } from "@tokenry/core/adapter"
import { hasMethods } from "../guard/hasMethods.ts"
import { rateLimitAddress } from "./rateLimitAddress.ts"
import type { Consumption, RateLimiter, RateLimiterUnavailable } from "./RateLimiter.ts"
import { type PolicyConsumption, rateLimitFields } from "./rateLimitFields.ts"
import { RateLimitRepeats, type RateLimitRepeatsOptions } from "./RateLimitRepeats.ts"

export interface RateLimitsOptions extends RateLimitRepeatsOptions {
  /** Per token. Header fields call it `default`. */
  readonly perToken?: RateLimiter | undefined
  /** For all of an owner's tokens together, so set it higher. Requests stopped by a token's own limit don't count. */
  readonly perOwner?: RateLimiter | undefined
  /** Per address: how many different tokens may be refused. */
  readonly failedPerAddress?: RateLimiter | undefined
  /** Whether to allow requests, or answer them with 503, while a limiter is unavailable. Default: `allow`. */
  readonly whenUnavailable?: "allow" | "refuse" | undefined
  /** Receives the first failure of each limiter outage. */
  readonly onError: (cause: unknown) => void
}

/**
 * Whether a request may proceed. Put `headers` on the response either way; `Retry-After` is one of them if the request
 * is refused.
 */
export type RateLimitVerdict =
  | { readonly allowed: true; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly allowed: false
      /** `unavailable`: a limiter failed, and `whenUnavailable` is `refuse`. */
      readonly reason: "rate-limited" | "unavailable"
      readonly headers: Readonly<Record<string, string>>
      /** What failed, for your log. */
      readonly cause?: unknown
    }

/** One limit to check for a request. */
export interface RateLimitClaim {
  readonly limiter: RateLimiter
  readonly key: string
  /** The limit's name for clients: printable ASCII. */
  readonly policy: string
}

export interface RateLimits {
  /** For a request with an accepted token: checks the token's limit, then the owner's. */
  readonly ofCaller: (caller: { readonly tokenId: string; readonly ownedBy: string }) => Promise<RateLimitVerdict>
  /**
   * For a request with a refused token. If allowed, answer with the usual 401.
   *
   * A refused token costs its address one attempt. The same token from that address is then free for a minute, so a
   * client polling with a dead token uses up nobody else's attempts. Once an address has no attempts left, it gets 429
   * instead of 401 until its window ends, except for tokens refused to it in the last minute. Accepted tokens are never
   * limited by address, so other people's traffic from there can't block them.
   *
   * This doesn't protect the store: every attempt is verified first. A wrong checksum costs no lookup, and the core's
   * cache can remember unknown tokens.
   */
  readonly ofRefusal: (address: string | undefined, token: string) => Promise<RateLimitVerdict>
  /** Whether `ofRefusal` has a limit, and so needs the client's address. */
  readonly needsAddress: boolean
  /** For your own limits. They are checked in order, stopping at the first one exceeded. */
  readonly of: (claims: ReadonlyArray<RateLimitClaim>) => Promise<RateLimitVerdict>
}

/**
 * Creates the limits. An omitted option doesn't limit anything. Pass the result to a guard as `limits`, which checks it
 * after each verify.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type.
 */
const make = (options: RateLimitsOptions): RateLimits => {
  checkOptions("RateLimits.make", options, optionRules, { required: ["onError"] })
  const { perToken, perOwner, failedPerAddress, whenUnavailable = "allow", onError, capacity, now } = options
  const repeats = RateLimitRepeats.make({ capacity, now })
  const unavailable = new Set<RateLimiter>()

  const consume = async ({ limiter, key }: RateLimitClaim) => {
    const result = await consumptionOf(limiter, key)
    if (result._tag === "Consumed") {
      unavailable.delete(limiter)
      return { consumption: result }
    }
    const isNews = !unavailable.has(limiter)
    unavailable.add(limiter)
    if (isNews) onError(result.cause)
    return { cause: result.cause }
  }

  const verdictOf = async (claims: ReadonlyArray<RateLimitClaim>): Promise<RateLimitVerdict> => {
    const consumptions: Array<PolicyConsumption> = []
    for (const claim of claims) {
      const { consumption, cause } = await consume(claim)
      if (consumption !== undefined) consumptions.push({ ...consumption, policy: claim.policy })
      else if (whenUnavailable === "refuse") return { allowed: false, reason: "unavailable", headers: {}, cause }
      if (consumption?.allowed === false) {
        return { allowed: false, reason: "rate-limited", headers: tooManyHeaders(consumptions) }
      }
    }
    return { allowed: true, headers: rateLimitFields(consumptions) }
  }

  return {
    of: verdictOf,
    needsAddress: failedPerAddress !== undefined,
    ofCaller: ({ tokenId, ownedBy }) => {
      const claims: Array<RateLimitClaim> = []
      if (perToken !== undefined) claims.push({ limiter: perToken, key: `token:${tokenId}`, policy: "default" })
      if (perOwner !== undefined) claims.push({ limiter: perOwner, key: `owner:${ownedBy}`, policy: "owner" })
      return verdictOf(claims)
    },
    ofRefusal: async (address, token) => {
      if (failedPerAddress === undefined) return unlimited
      if (address === undefined) {
        throw new Error("failedPerAddress needs the address of each request, and this one has none. Pass it as address")
      }
      const counted = rateLimitAddress(address)
      const fingerprint = repeats.fingerprintOf(counted, token)
      if (repeats.has(fingerprint)) return unlimited
      // Recorded before the limiter answers, so one token sent many times at once counts as one attempt.
      repeats.remember(fingerprint)
      const verdict = await verdictOf([{ limiter: failedPerAddress, key: `address:${counted}`, policy: "failed" }])
      if (verdict.allowed) return unlimited
      repeats.forget(fingerprint)
      return verdict
    },
  }
}

/** An adapter shouldn't throw; if it does, it counts as unavailable. */
const consumptionOf = async (limiter: RateLimiter, key: string): Promise<Consumption | RateLimiterUnavailable> => {
  try {
    return await limiter.consume(key)
  } catch (cause) {
    return { _tag: "Unavailable", cause }
  }
}

/** `Retry-After` comes from the exceeded limit, which is the last one. */
const tooManyHeaders = (consumptions: ReadonlyArray<PolicyConsumption>): Readonly<Record<string, string>> => ({
  "Retry-After": String(Math.max(1, consumptions.at(-1)?.resetSeconds ?? 1)),
  ...rateLimitFields(consumptions),
})

const limiterRule: OptionRule = [hasMethods("consume"), "write a limiter: { consume: async (key) => … }"]

/** For options named `limits`: the result of `make`, not its options. */
export const limitsRule: OptionRule = [hasMethods("ofCaller", "ofRefusal"), "write limits: RateLimits.make({ … })"]

const optionRules: OptionRules<RateLimitsOptions> = {
  perToken: limiterRule,
  perOwner: limiterRule,
  failedPerAddress: limiterRule,
  whenUnavailable: [isOneOf("allow", "refuse"), 'write "allow" or "refuse"'],
  onError: [isFunction, "write onError: (cause) => { … }, which logs an outage of a limiter"],
  capacity: [
    (value) => Number.isSafeInteger(value) && Number(value) > 0,
    "write how many refused tokens to remember, as in 10_000",
  ],
  now: [isFunction, "write a clock: () => performance.now()"],
}

const unlimited: RateLimitVerdict = { allowed: true, headers: {} }

export const RateLimits = { make } as const
