/** How long tokens and replaced secrets may live. Applies wherever one gets an expiry. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { anyLength, type DurationOption, durationOption, longestOfAll, spelled, zeroOrMore } from "./DurationOption.ts"
import { anyValue, checkOptions, isBoolean, isOneOf, type OptionRules } from "./OptionRules.ts"

/** The requested expiry: an instant, a lifetime from now, `null` for never, `undefined` for the policy's default. */
export type RequestedExpiry = DateTime.Utc | Duration.Duration | null | undefined

export interface TokenPolicy {
  /** Used when no expiry is requested. `null`: never expires. */
  readonly defaultLifetime: Duration.Duration | null
  /** The longest lifetime a request may ask for. `null`: up to 100 years. */
  readonly longestLifetime: Duration.Duration | null
  /** Whether a request may ask for a token that never expires. */
  readonly allowsNeverExpiring: boolean
  /** How long a replaced secret stays valid, unless a rotation asks otherwise. */
  readonly defaultGrace: Duration.Duration
  /** The longest grace period a rotation may ask for. */
  readonly longestGrace: Duration.Duration
  /** What happens when a retired secret is presented. */
  readonly onReuse: ReuseResponse
  /** How long a token may go unused before `revokeUnused` revokes it. `null`: each call must specify it. */
  readonly longestUnused: Duration.Duration | null
}

/**
 * In every case the request is refused, and looks from outside like one with an unknown token.
 *
 * - `record`: counts it in the usage records, if there is a `TokenUsageStore`.
 * - `notify`: also adds it to the token's history, and so to the audit sink, once a day per secret.
 * - `revoke`: also revokes the token and everything minted with it.
 */
export type ReuseResponse = "record" | "notify" | "revoke"

/** Whether the value was made by `TokenPolicy.make`. */
export const isPolicy = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  "defaultGrace" in value &&
  Duration.isDuration(value.defaultGrace) &&
  "onReuse" in value

/** A policy as you write it: only what differs from the defaults. Durations may be strings, as in `"30 days"`. */
export interface TokenPolicyOptions {
  /** The lifetime of a token for which no expiry is requested; `null` for never. Default: 90 days. */
  readonly defaultLifetime?: DurationOption | null
  /** The longest lifetime a request may ask for; `null` for no limit but 100 years. Default: 366 days. */
  readonly longestLifetime?: DurationOption | null
  /** Whether a request may ask for a token that never expires. Default: `false`. */
  readonly allowsNeverExpiring?: boolean
  /** How long a replaced secret stays valid, unless a rotation asks otherwise. Default: 24 hours. */
  readonly defaultGrace?: DurationOption
  /** The longest grace period a rotation may ask for. Default: 30 days. */
  readonly longestGrace?: DurationOption
  /** What happens when a retired secret is presented. Default: `record`. */
  readonly onReuse?: ReuseResponse
  /**
   * How long a token may go unused before `revokeUnused` revokes it; `null` to specify it with each call. Default:
   * `null`.
   */
  readonly longestUnused?: DurationOption | null
}

/**
 * A policy from what differs from the defaults.
 *
 * @throws Error if the options contradict each other, or a lifetime isn't finite and positive (a grace period may be
 *   zero).
 */
const make = (options: TokenPolicyOptions = {}): TokenPolicy => {
  checkOptions("TokenPolicy.make", options, optionRules)
  const {
    defaultLifetime = "90 days",
    longestLifetime = "366 days",
    allowsNeverExpiring = false,
    defaultGrace = "24 hours",
    longestGrace = "30 days",
    onReuse = "record",
    longestUnused = null,
  } = options
  const lifetime = (name: keyof TokenPolicyOptions, value: DurationOption | null) =>
    value === null ? null : durationOption(`TokenPolicy: ${name}`, value, anyLength)
  const policy: TokenPolicy = {
    defaultLifetime: lifetime("defaultLifetime", defaultLifetime),
    longestLifetime: lifetime("longestLifetime", longestLifetime),
    allowsNeverExpiring,
    defaultGrace: durationOption("TokenPolicy: defaultGrace", defaultGrace, zeroOrMore),
    longestGrace: durationOption("TokenPolicy: longestGrace", longestGrace, zeroOrMore),
    onReuse,
    longestUnused: lifetime("longestUnused", longestUnused),
  }
  if (policy.defaultLifetime === null && !policy.allowsNeverExpiring) {
    throw new Error("TokenPolicy: defaultLifetime is null (never expires), which needs allowsNeverExpiring: true")
  }
  if (policy.defaultLifetime !== null && exceeds(policy.defaultLifetime, policy.longestLifetime ?? longestOfAll)) {
    throw new Error("TokenPolicy: defaultLifetime is longer than longestLifetime")
  }
  if (exceeds(policy.defaultGrace, policy.longestGrace)) {
    throw new Error("TokenPolicy: defaultGrace is longer than longestGrace")
  }
  return policy
}

const optionRules: OptionRules<TokenPolicyOptions> = {
  defaultLifetime: anyValue,
  longestLifetime: anyValue,
  allowsNeverExpiring: [isBoolean, "write true or false"],
  defaultGrace: anyValue,
  longestGrace: anyValue,
  onReuse: [isOneOf("record", "notify", "revoke"), 'write "record", "notify" or "revoke"'],
  longestUnused: anyValue,
}

/** The grace period for this request, or why the policy forbids it, completing a sentence. */
const graceFor = (policy: TokenPolicy, requested: Duration.Duration | undefined): Duration.Duration | string => {
  const grace = requested ?? policy.defaultGrace
  return exceeds(grace, policy.longestGrace) ? `must be at most ${spelled(policy.longestGrace)}` : grace
}

/** The expiry for this request at `now`, or why the policy forbids it, completing a sentence. */
const expiryFor = (
  policy: TokenPolicy,
  requested: RequestedExpiry,
  now: DateTime.Utc,
): Option.Option<DateTime.Utc> | string => {
  const wanted = requested === undefined ? policy.defaultLifetime : requested
  if (wanted === null)
    return policy.allowsNeverExpiring ? Option.none() : "is required: the policy doesn't allow tokens that never expire"
  const longest = policy.longestLifetime ?? longestOfAll
  const lifetime = Duration.isDuration(wanted) ? wanted : DateTime.distance(now, wanted)
  if (Duration.isLessThanOrEqualTo(lifetime, Duration.zero)) return "must be in the future"
  if (exceeds(lifetime, longest)) return `must be within ${spelled(longest)}`
  return Option.some(Duration.isDuration(wanted) ? DateTime.addDuration(now, wanted) : wanted)
}

/**
 * The expiry a token keeps when it is rotated at `now`: its own, or the latest the policy allows if that is earlier.
 */
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
