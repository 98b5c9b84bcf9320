/** How long tokens and replaced secrets may live. It binds every way in by which one gets an expiry. */
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
  /** How long a secret that a rotation replaces is still accepted, unless asked otherwise. */
  readonly defaultGrace: Duration.Duration
  /** The longest grace that may be asked for. */
  readonly longestGrace: Duration.Duration
  /** What follows when a retired secret comes back. */
  readonly onReuse: ReuseResponse
  /** After how long without use `revokeUnused` revokes a token. `null`: that has to be told there. */
  readonly longestUnused: Duration.Duration | null
}

/**
 * In any case the request is refused, and looks from outside like one with an unknown token.
 *
 * - `record`: it is counted in the record of uses, if there is a `TokenUsageStore`.
 * - `notify`: besides, it is noted in the token's history, and so told to the audit sink; once a day for each secret.
 * - `revoke`: besides, the token is revoked, and with it all that was minted by means of it.
 */
export type ReuseResponse = "record" | "notify" | "revoke"

/** The longest lifetime that there is, under any policy: 100 years. Who wants more wants "never". */
const longestOfAll = Duration.days(36_525)

/**
 * A policy from what differs from the default: 90 days unless asked otherwise, at most 366 days, never "never"; a grace
 * of 24 hours, at most 30 days; what comes back is recorded.
 *
 * @throws Error if a default contradicts the rest, or a lifetime is not finite and positive (a grace may be zero).
 */
const make = (options: Partial<TokenPolicy> = {}): TokenPolicy => {
  const policy: TokenPolicy = {
    defaultLifetime: Duration.days(90),
    longestLifetime: Duration.days(366),
    allowsNeverExpiring: false,
    defaultGrace: Duration.hours(24),
    longestGrace: Duration.days(30),
    onReuse: "record",
    longestUnused: null,
    ...options,
  }
  for (const [name, lifetime] of Object.entries({
    defaultLifetime: policy.defaultLifetime,
    longestLifetime: policy.longestLifetime,
    longestUnused: policy.longestUnused,
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
  if (exceeds(policy.longestGrace, longestOfAll)) {
    throw new Error("TokenPolicy: longestGrace must be at most 100 years")
  }
  if (Duration.isLessThan(policy.defaultGrace, Duration.zero) || exceeds(policy.defaultGrace, policy.longestGrace)) {
    throw new Error("TokenPolicy: defaultGrace must not be negative, nor longer than longestGrace")
  }
  if (!["record", "notify", "revoke"].includes(policy.onReuse)) {
    throw new Error("TokenPolicy: onReuse must be record, notify or revoke")
  }
  return policy
}

/** The grace that the request comes to, or why the policy forbids it, as the end of a sentence. */
const graceFor = (policy: TokenPolicy, requested: Duration.Duration | undefined): Duration.Duration | string => {
  const grace = requested ?? policy.defaultGrace
  return exceeds(grace, policy.longestGrace) ? `must be at most ${Duration.format(policy.longestGrace)}` : grace
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

/** The expiry that a token keeps when it is rotated at `now`: its own, or the longest that the policy allows if that is earlier. */
const keptExpiry = (
  policy: TokenPolicy,
  expiresAt: Option.Option<DateTime.Utc>,
  now: DateTime.Utc,
): Option.Option<DateTime.Utc> => {
  if (Option.isNone(expiresAt) && policy.allowsNeverExpiring) return expiresAt
  const latest = DateTime.addDuration(now, policy.longestLifetime ?? longestOfAll)
  return Option.some(Option.isNone(expiresAt) ? latest : DateTime.min(expiresAt.value, latest))
}

const exceeds = Duration.isGreaterThan

export const TokenPolicy = { make, expiryFor, keptExpiry, graceFor, longestOfAll } as const
