/** How many requests a token, an owner and an address may make, and what is answered to one too many (RFC 6585 §4). */
import { answerOf, type HttpAnswer } from "./HttpAnswer.ts"
import { checkedProblemOptions, problemOf, type ProblemOptions } from "./Problem.ts"
import { storeUnavailableAnswer } from "./ProblemAnswers.ts"
import { rateLimitAddress } from "./rateLimitAddress.ts"
import type { Consumption, RateLimiter, RateLimiterUnavailable } from "./RateLimiter.ts"
import { type PolicyConsumption, rateLimitFields } from "./rateLimitFields.ts"
import { RateLimitRepeats, type RateLimitRepeatsOptions } from "./RateLimitRepeats.ts"

export interface RateLimitsOptions extends ProblemOptions, RateLimitRepeatsOptions {
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

/** Whether a request may go on: then with the fields that its response is to have; if not, what it is answered with. */
export type RateLimitVerdict =
  | { readonly allowed: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly allowed: false; readonly answer: HttpAnswer }

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
  readonly ofRefusal: (address: string, token: string) => Promise<RateLimitVerdict>
  /** Of limits of your own. They are asked in this order, and none after one that is exceeded. */
  readonly of: (claims: ReadonlyArray<RateLimitClaim>) => Promise<RateLimitVerdict>
}

/**
 * The limits; those that are left out are none. Counts and answers nothing by itself: `ofCaller` and `ofRefusal` are to
 * be asked after each verify.
 *
 * @throws Error if `problemBase` is not an absolute URL that ends with `/` or `#`.
 */
const make = ({
  perToken,
  perOwner,
  failedPerAddress,
  whenUnavailable = "allow",
  onError,
  capacity,
  now,
  ...options
}: RateLimitsOptions): RateLimits => {
  const base = checkedProblemOptions(options)
  const repeats = RateLimitRepeats.make({ capacity, now })
  const unavailable = new Set<RateLimiter>()

  const consume = async ({ limiter, key }: RateLimitClaim): Promise<Consumption | undefined> => {
    const result = await consumptionOf(limiter, key)
    if (result._tag === "Consumed") {
      unavailable.delete(limiter)
      return result
    }
    const isNews = !unavailable.has(limiter)
    unavailable.add(limiter)
    if (isNews) onError(result.cause)
    return undefined
  }

  const verdictOf = async (
    claims: ReadonlyArray<RateLimitClaim>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RateLimitVerdict> => {
    const consumptions: Array<PolicyConsumption> = []
    for (const claim of claims) {
      const consumption = await consume(claim)
      if (consumption !== undefined) consumptions.push({ ...consumption, policy: claim.policy })
      else if (whenUnavailable === "refuse") return { allowed: false, answer: storeUnavailableAnswer(base, headers) }
      if (consumption?.allowed === false)
        return { allowed: false, answer: tooManyRequests(base, consumptions, headers) }
    }
    return { allowed: true, headers: rateLimitFields(consumptions) }
  }

  return {
    of: (claims) => verdictOf(claims),
    ofCaller: ({ tokenId, ownedBy }) => {
      const claims: Array<RateLimitClaim> = []
      if (perToken !== undefined) claims.push({ limiter: perToken, key: `token:${tokenId}`, policy: "default" })
      if (perOwner !== undefined) claims.push({ limiter: perOwner, key: `owner:${ownedBy}`, policy: "owner" })
      return verdictOf(claims, varyOnAuthorization)
    },
    ofRefusal: async (address, token) => {
      if (failedPerAddress === undefined) return unlimited
      const counted = rateLimitAddress(address)
      const fingerprint = repeats.fingerprintOf(counted, token)
      if (repeats.has(fingerprint)) return unlimited
      // Before the limiter answers, so that one token at many times at once is one attempt.
      repeats.remember(fingerprint)
      const claim = { limiter: failedPerAddress, key: `address:${counted}`, policy: "failed" }
      const verdict = await verdictOf([claim], varyOnAuthorization)
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

/** 429. `Retry-After` is that of the limit that is exceeded, the last one. */
const tooManyRequests = (
  base: ProblemOptions,
  consumptions: ReadonlyArray<PolicyConsumption>,
  headers: Readonly<Record<string, string>>,
): HttpAnswer =>
  answerOf(problemOf(base, "too-many-requests"), {
    "Retry-After": String(Math.max(1, consumptions.at(-1)?.resetSeconds ?? 1)),
    ...rateLimitFields(consumptions),
    ...headers,
  })

const unlimited: RateLimitVerdict = { allowed: true, headers: {} }

const varyOnAuthorization = { Vary: "Authorization" }

export const RateLimits = { make } as const
