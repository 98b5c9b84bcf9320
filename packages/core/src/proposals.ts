/** What a request proposes for a token, held against the rules and the policy: everything that is forbidden, at once. */
import { DateTime, Effect, Option } from "effect"
import { type InputIssue, PolicyViolation, ScopeNotHeld } from "./errors.ts"
import type { ApiToken } from "./token/ApiToken.ts"
import type { Scope } from "./token/Scope.ts"
import type { ScopeCatalogue } from "./token/ScopeCatalogue.ts"
import { TokenName } from "./token/TokenName.ts"
import { type RequestedExpiry, TokenPolicy } from "./token/TokenPolicy.ts"

/** What a token is to be called, may do, and until when. */
export interface Proposal {
  readonly name: TokenName
  readonly scopes: ReadonlyArray<Scope>
  readonly expiresAt: Option.Option<DateTime.Utc>
}

/** What a new token would be, if the rules and the policy allow it. */
export const proposeNew = (
  request: { readonly name: string; readonly scopes: ReadonlyArray<string>; readonly expiry: RequestedExpiry },
  catalogue: ScopeCatalogue,
  policy: TokenPolicy,
  now: DateTime.Utc,
): Effect.Effect<Proposal, PolicyViolation> => {
  const { name, scopes } = request
  const issues = [...nameIssues(name), ...scopeIssues(scopes, (scope) => catalogue.has(scope), catalogue)]
  const expiresAt = TokenPolicy.expiryFor(policy, request.expiry, now)
  if (typeof expiresAt === "string") issues.push({ path: ["expiresAt"], message: expiresAt })
  return typeof expiresAt === "string" || issues.length > 0
    ? Effect.fail(new PolicyViolation({ issues }))
    : Effect.succeed({ name: name as TokenName, scopes: unique(scopes) as ReadonlyArray<Scope>, expiresAt })
}

/**
 * What a token would become: its own name, scopes and expiry where the request is silent. It may lose scopes and time,
 * and gain neither.
 */
export const proposeChange = (
  token: ApiToken,
  request: {
    readonly name?: string | undefined
    readonly scopes?: ReadonlyArray<string> | undefined
    readonly expiry: RequestedExpiry
  },
  catalogue: ScopeCatalogue,
  now: DateTime.Utc,
): Effect.Effect<Proposal, PolicyViolation | ScopeNotHeld> => {
  const { name = token.name, scopes = token.scopes, expiry } = request
  const held: ReadonlyArray<string> = [...token.scopes, ...catalogue.close(token.scopes)]
  const issues = [
    ...nameIssues(name),
    ...scopeIssues(scopes, (scope) => held.includes(scope) || catalogue.has(scope), catalogue),
  ]
  const expiresAt = expiry === undefined ? token.expiresAt : instantOf(expiry, now)
  if (expiry !== undefined && Option.exists(expiresAt, (instant) => DateTime.isLessThanOrEqualTo(instant, now))) {
    issues.push({ path: ["expiresAt"], message: "must lie in the future; to end the token now, revoke it" })
  } else if (token.isOutlivedBy(expiresAt)) {
    issues.push({ path: ["expiresAt"], message: "must not be later than it is: an expiry can only be brought forward" })
  }
  if (issues.length > 0) return Effect.fail(new PolicyViolation({ issues }))
  const excess = scopes.filter((scope) => !held.includes(scope))
  return excess.length > 0
    ? Effect.fail(new ScopeNotHeld({ scopes: excess, on: "token" }))
    : Effect.succeed({ name: name as TokenName, scopes: unique(scopes) as ReadonlyArray<Scope>, expiresAt })
}

const nameIssues = (name: string): Array<InputIssue> => {
  const flaw = TokenName.flawOf(name)
  return flaw === undefined ? [] : [{ path: ["name"], message: flaw }]
}

const scopeIssues = (
  scopes: ReadonlyArray<string>,
  isKnown: (scope: string) => boolean,
  catalogue: ScopeCatalogue,
): Array<InputIssue> =>
  scopes.flatMap((scope, index) => {
    if (isKnown(scope)) return []
    const nearest = catalogue.nearest(scope)
    const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`
    return [{ path: ["scopes", String(index)], message: `must be a declared scope${hint}` }]
  })

const instantOf = (expiry: Exclude<RequestedExpiry, undefined>, now: DateTime.Utc): Option.Option<DateTime.Utc> =>
  expiry === null
    ? Option.none()
    : Option.some(DateTime.isDateTime(expiry) ? expiry : DateTime.addDuration(now, expiry))

const unique = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]
