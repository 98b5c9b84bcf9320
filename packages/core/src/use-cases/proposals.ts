/** Checks what a request proposes for a token against the rules and the policy, and reports every violation at once. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ExpiryNotHeld, type InputIssue, PolicyViolation, ScopeNotHeld } from "../errors.ts"
import { type ApiToken, earliestExpiry, type Rotation } from "../token/ApiToken.ts"
import type { Scope } from "../token/Scope.ts"
import type { ScopeCatalogue } from "../token/ScopeCatalogue.ts"
import type { TokenFormat } from "../token/TokenFormat.ts"
import { TokenName } from "../token/TokenName.ts"
import { holdsToken } from "../token/tokensInText.ts"
import { type RequestedExpiry, TokenPolicy } from "../token/TokenPolicy.ts"

/** A token's proposed name, scopes and expiry. */
export interface Proposal {
  readonly name: TokenName
  readonly scopes: ReadonlyArray<Scope>
  readonly expiresAt: Option.Option<DateTime.Utc>
}

/** What proposals are checked against. */
export interface Rules {
  readonly catalogue: ScopeCatalogue
  /** The accepted token formats: a name must not contain any of them. */
  readonly formats: ReadonlyArray<TokenFormat>
}

/**
 * A new token's fields, if the rules and the policy allow them. A minted token gets its latest possible expiry if the
 * policy's default is later.
 */
export const proposeNew = (
  request: {
    readonly name: string
    readonly scopes: ReadonlyArray<string>
    readonly expiry: RequestedExpiry
    /** The expiry of the token it is minted with. */
    readonly latest: Option.Option<DateTime.Utc>
  },
  { catalogue, formats }: Rules,
  policy: TokenPolicy,
  now: DateTime.Utc,
): Effect.Effect<Proposal, PolicyViolation | ExpiryNotHeld> => {
  const { name, scopes, expiry, latest } = request
  const issues = [...nameIssues(name, formats), ...scopeIssues(scopes, catalogue)]
  const allowed = TokenPolicy.expiryFor(policy, expiry, now)
  if (typeof allowed === "string") issues.push({ path: [fieldOf(expiry)], message: allowed })
  if (typeof allowed === "string" || issues.length > 0) return Effect.fail(new PolicyViolation({ issues }))
  const isDefault = expiry === undefined
  const excess = isDefault ? undefined : excessOf(expiry, allowed, latest)
  if (excess !== undefined) return Effect.fail(excess)
  const expiresAt = isDefault ? earliestExpiry([{ expiresAt: allowed }, { expiresAt: latest }]) : allowed
  return Effect.succeed({ name: name as TokenName, scopes: unique(scopes) as ReadonlyArray<Scope>, expiresAt })
}

/**
 * The result of a rotation, if the policy allows it. Without a requested expiry the token keeps its own, or the latest
 * the policy allows now if that is earlier, so tightening the policy doesn't break clients that rotate themselves.
 */
export const proposeRotation = (
  token: ApiToken,
  request: {
    readonly expiry: RequestedExpiry
    readonly graceFor: Duration.Duration | undefined
    /** The latest expiry it may be renewed to. */
    readonly latest: Option.Option<DateTime.Utc>
  },
  policy: TokenPolicy,
  now: DateTime.Utc,
): Effect.Effect<Pick<Rotation, "expiresAt" | "graceEnds">, PolicyViolation | ExpiryNotHeld> => {
  const { expiry, graceFor, latest } = request
  const issues: Array<InputIssue> = []
  const grace = TokenPolicy.graceFor(policy, graceFor)
  if (typeof grace === "string") issues.push({ path: ["graceFor"], message: grace })
  const isKept = expiry === undefined
  const expiresAt = isKept
    ? TokenPolicy.keptExpiry(policy, token.expiresAt, now)
    : TokenPolicy.expiryFor(policy, expiry, now)
  if (typeof expiresAt === "string") issues.push({ path: [fieldOf(expiry)], message: expiresAt })
  if (typeof grace === "string" || typeof expiresAt === "string") return Effect.fail(new PolicyViolation({ issues }))
  const excess = isKept ? undefined : excessOf(expiry, expiresAt, latest)
  return excess === undefined
    ? Effect.succeed({ expiresAt, graceEnds: DateTime.addDuration(now, grace) })
    : Effect.fail(excess)
}

/**
 * What an edit makes of a token; unspecified fields stay unchanged. It can lose scopes and time, but never gain either.
 */
export const proposeChange = (
  token: ApiToken,
  request: {
    readonly name?: string | undefined
    readonly scopes?: ReadonlyArray<string> | undefined
    readonly expiry: RequestedExpiry
  },
  { catalogue, formats }: Rules,
  now: DateTime.Utc,
): Effect.Effect<Proposal, PolicyViolation | ScopeNotHeld> => {
  const { name = token.name, scopes = token.scopes, expiry } = request
  const isRenamed = name !== token.name
  const held: ReadonlyArray<string> = [...token.scopes, ...catalogue.close(token.scopes)]
  const issues = [...(isRenamed ? nameIssues(name, formats) : []), ...scopeIssues(scopes, catalogue, held)]
  const expiresAt = expiry === undefined ? token.expiresAt : instantOf(expiry, now)
  if (expiry !== undefined) {
    const flaw = flawOfExpiry(token, expiresAt, now)
    if (flaw !== undefined) issues.push({ path: [fieldOf(expiry)], message: flaw })
  }
  if (issues.length > 0) return Effect.fail(new PolicyViolation({ issues }))
  const excess = unique(scopes).filter((scope) => !held.includes(scope))
  return excess.length > 0
    ? Effect.fail(new ScopeNotHeld({ scopes: excess, on: "token" }))
    : Effect.succeed({ name: name as TokenName, scopes: unique(scopes) as ReadonlyArray<Scope>, expiresAt })
}

const nameIssues = (name: string, formats: ReadonlyArray<TokenFormat>): Array<InputIssue> => {
  const flaw = TokenName.flawOf(name) ?? (holdsToken(formats, name) ? "must not contain a token" : undefined)
  return flaw === undefined ? [] : [{ path: ["name"], message: flaw }]
}

const scopeIssues = (
  scopes: ReadonlyArray<string>,
  catalogue: ScopeCatalogue,
  held: ReadonlyArray<string> = [],
): Array<InputIssue> =>
  catalogue
    .flawsOf(scopes)
    .flatMap((flaw, index) =>
      flaw === undefined || held.includes(scopes[index] as string)
        ? []
        : [{ path: ["scopes", String(index)], message: flaw }],
    )

/** Why the token can't have this expiry instead of its own. */
const flawOfExpiry = (token: ApiToken, expiresAt: Option.Option<DateTime.Utc>, now: DateTime.Utc) => {
  if (Option.exists(expiresAt, (instant) => DateTime.isLessThanOrEqualTo(instant, now))) {
    return "must be in the future; to end the token now, revoke it"
  }
  if (token.isOutlivedBy(expiresAt))
    return "must not be later than the current expiry, which can only be brought forward"
  const lifetime = Option.map(expiresAt, (instant) => DateTime.distance(now, instant))
  return Option.exists(lifetime, (lifetime) => Duration.isGreaterThan(lifetime, TokenPolicy.longestOfAll))
    ? "must be within 100 years"
    : undefined
}

/** Fails if the requested expiry is later than possible. */
const excessOf = (
  asked: RequestedExpiry,
  expiresAt: Option.Option<DateTime.Utc>,
  latest: Option.Option<DateTime.Utc>,
): ExpiryNotHeld | undefined =>
  Option.isSome(latest) && !Option.exists(expiresAt, (instant) => DateTime.isLessThanOrEqualTo(instant, latest.value))
    ? new ExpiryNotHeld({ field: fieldOf(asked), latest: new Date(latest.value.epochMilliseconds) })
    : undefined

/** The request field that asked for the expiry. */
const fieldOf = (expiry: RequestedExpiry): ExpiryNotHeld["field"] =>
  Duration.isDuration(expiry) ? "expiresIn" : "expiresAt"

const instantOf = (expiry: Exclude<RequestedExpiry, undefined>, now: DateTime.Utc): Option.Option<DateTime.Utc> =>
  expiry === null
    ? Option.none()
    : Option.some(DateTime.isDateTime(expiry) ? expiry : DateTime.addDuration(now, expiry))

const unique = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => (values.length < 2 ? values : [...new Set(values)])
