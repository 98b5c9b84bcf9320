/** How many requests a token, an owner and an address may make, and what is answered to one too many (RFC 6585 §4). */
import { checkOptions, isFunction, isOneOf, type OptionRule, type OptionRules } from "@tokenry/core/adapter"
import { hasMethods } from "../guard/hasMethods.ts"
import { rateLimitAddress } from "./rateLimitAddress.ts"
import type { Consumption, RateLimiter, RateLimiterUnavailable } from "./RateLimiter.ts"
import { type PolicyConsumption, rateLimitFields } from "./rateLimitFields.ts"
import { RateLimitRepeats, type RateLimitRepeatsOptions } from "./RateLimitRepeats.ts"

export interface RateLimitsOptions extends RateLimitRepeatsOptions {
  /** For each token. In the fields its name is `default`. */
  readonly perToken?: RateLimiter | undefined
  /** For all tokens of an owner together, so a higher limit. What a token's own limit stops is not counted. */
  readonly perOwner?: RateLimiter | undefined
  /** For an address: how many different tokens may be refused to it. */
  readonly failedPerAddress?: RateLimiter | undefined
  /** Whether requests pass, or are answered with 503, when a limiter can't say. The default is `allow`. */
  readonly whenUnavailable?: "allow" | "refuse" | undefined
  /** Told that a limiter is not available: once, until it has been again. */
  readonly onError: (cause: unknown) => void
}

/** Whether a request may go on. `headers` belong on the response either way; of a refused one, `Retry-After` is among them. */
export type RateLimitVerdict =
  | { readonly allowed: true; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly allowed: false
      /** `unavailable`: a limiter can't say, and `whenUnavailable` is `refuse`. */
      readonly reason: "rate-limited" | "unavailable"
      readonly headers: Readonly<Record<string, string>>
      /** What failed, for your log. */
      readonly cause?: unknown
    }

/** One limit to be asked about a request. */
export interface RateLimitClaim {
  readonly limiter: RateLimiter
  readonly key: string
  /** The limit's name for clients: printable ASCII. */
  readonly policy: string
}

export interface RateLimits {
  /** Of a request whose token is accepted: the token's limit, and then the owner's. */
  readonly ofCaller: (caller: { readonly tokenId: string; readonly ownedBy: string }) => Promise<RateLimitVerdict>
  /**
   * Of a request whose token is refused, for whatever reason; if allowed, it is answered as ever.
   *
   * A token that is refused costs its address one attempt, and the same one again from there costs nothing for a minute,
   * so a client that polls with a dead token uses up nobody's attempts. An address that has none left is answered 429 in
   * place of 401, for tokens that were not refused to it in the last minute, until its window ends. A token that is
   * accepted is never asked for its address, so nothing that others send from there can stop it.
   *
   * The limit is therefore no protection of the store: each attempt is a verify first. What is no token by its checksum
   * costs no look-up, and the core's cache can remember what is unknown.
   */
  readonly ofRefusal: (address: string | undefined, token: string) => Promise<RateLimitVerdict>
  /** Whether `ofRefusal` has a limit, so that it needs the client's address. */
  readonly needsAddress: boolean
  /** Of limits of your own. They are asked in this order, and none after one that is exceeded. */
  readonly of: (claims: ReadonlyArray<RateLimitClaim>) => Promise<RateLimitVerdict>
}

/**
 * Makes the limits; one you leave out doesn't limit. Pass them to a guard as `limits`, which asks them after each verify.
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
        throw new Error("failedPerAddress needs each request's address, which this one came without")
      }
      const counted = rateLimitAddress(address)
      const fingerprint = repeats.fingerprintOf(counted, token)
      if (repeats.has(fingerprint)) return unlimited
      // Before the limiter answers, so that one token sent many times at once is one attempt.
      repeats.remember(fingerprint)
      const verdict = await verdictOf([{ limiter: failedPerAddress, key: `address:${counted}`, policy: "failed" }])
      if (verdict.allowed) return unlimited
      repeats.forget(fingerprint)
      return verdict
    },
  }
}

/** An adapter that throws, which it should not, is one that is not available. */
const consumptionOf = async (limiter: RateLimiter, key: string): Promise<Consumption | RateLimiterUnavailable> => {
  try {
    return await limiter.consume(key)
  } catch (cause) {
    return { _tag: "Unavailable", cause }
  }
}

/** `Retry-After` is that of the limit that is exceeded, the last one. */
const tooManyHeaders = (consumptions: ReadonlyArray<PolicyConsumption>): Readonly<Record<string, string>> => ({
  "Retry-After": String(Math.max(1, consumptions.at(-1)?.resetSeconds ?? 1)),
  ...rateLimitFields(consumptions),
})

const limiterRule: OptionRule = [hasMethods("consume"), "write a limiter: { consume: async (key) => … }"]

/** For options named `limits`: what `make` returned, and not what it takes. */
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
