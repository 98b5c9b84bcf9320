/** How long tokens may live. It binds every way in by which a token gets an expiry. */
import { DateTime, Duration, Option } from "effect"

/** What was asked for: an instant, a lifetime from now, `null` for never, `undefined` for the policy's default. */
export type RequestedExpiry = DateTime.Utc | Duration.Duration | null | undefined

export interface TokenPolicy {
  /** For who asks for nothing. `null`: never expires. */
  readonly defaultLifetime: Duration.Duration | null
  /** The longest that may be asked for. `null`: as long as one likes (up to 100 years, then ask for never). */
  readonly longestLifetime: Duration.Duration | null
  /** Whether a token may be asked for that never expires. */
  readonly allowsNeverExpiring: boolean
}

/** The longest lifetime that there is, under any policy: 100 years. Who wants more wants "never". */
const longestOfAll = Duration.days(36_525)

/**
 * A policy from what differs from the default: 90 days unless asked otherwise, at most 366 days, never "never".
 *
 * @throws Error if the default contradicts the rest, or a lifetime is not finite and positive.
 */
const make = (options: Partial<TokenPolicy> = {}): TokenPolicy => {
  const policy: TokenPolicy = {
    defaultLifetime: Duration.days(90),
    longestLifetime: Duration.days(366),
    allowsNeverExpiring: false,
    ...options,
  }
  for (const [name, lifetime] of Object.entries({
    defaultLifetime: policy.defaultLifetime,
    longestLifetime: policy.longestLifetime,
  })) {
    if (lifetime !== null && !(Duration.isGreaterThan(lifetime, Duration.zero) && !exceeds(lifetime, longestOfAll))) {
      throw new Error(`TokenPolicy: ${name} must be longer than nothing and at most 100 years`)
    }
  }
  if (policy.defaultLifetime === null && !policy.allowsNeverExpiring) {
    throw new Error("TokenPolicy: the default is never to expire, which the policy does not allow")
  }
  if (policy.defaultLifetime !== null && exceeds(policy.defaultLifetime, policy.longestLifetime ?? longestOfAll)) {
    throw new Error("TokenPolicy: defaultLifetime is longer than longestLifetime")
  }
  return policy
}

/** The expiry that the request comes to at `now`, or why the policy forbids it, as the end of a sentence. */
const expiryFor = (
  policy: TokenPolicy,
  requested: RequestedExpiry,
  now: DateTime.Utc,
): Option.Option<DateTime.Utc> | string => {
  const wanted = requested === undefined ? policy.defaultLifetime : requested
  if (wanted === null) return policy.allowsNeverExpiring ? Option.none() : "must be given: never is not allowed"
  const longest = policy.longestLifetime ?? longestOfAll
  const lifetime = Duration.isDuration(wanted) ? wanted : DateTime.distance(now, wanted)
  if (Duration.isLessThanOrEqualTo(lifetime, Duration.zero)) return "must lie in the future"
  if (exceeds(lifetime, longest)) return `must be at most ${Duration.format(longest)} from now`
  return Option.some(Duration.isDuration(wanted) ? DateTime.addDuration(now, wanted) : wanted)
}

const exceeds = Duration.isGreaterThan

export const TokenPolicy = { make, expiryFor, longestOfAll } as const
