/** How a token has been used: what people need to know before they narrow it or end a grace period. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { ApiToken } from "./ApiToken.ts"
import type { Scope } from "./Scope.ts"
import type { ScopeCatalogue } from "./ScopeCatalogue.ts"
import { SecretUsage } from "./SecretUsage.ts"

export interface TokenUsage {
  /** None: not since `since`. */
  readonly lastUsedAt: Option.Option<DateTime.Utc>
  /** When anything minted with it was last used. */
  readonly lineageUsedAt: Option.Option<DateTime.Utc>
  /** How many requests it was accepted for, not counting those of its descendants. */
  readonly count: number
  /** The usage of each secret, newest first. Omits secrets that were never used. */
  readonly secrets: ReadonlyArray<SecretUsage>
  /** Each scope that an accepted request required, from the token or anything minted with it, and when it last did. */
  readonly scopes: ReadonlyMap<string, DateTime.Utc>
  /** When the record starts: the token's creation, or the start of recording if that is later. */
  readonly since: DateTime.Utc
  /** Scopes the token grants, implied ones included, that no request has needed since then. */
  readonly unusedScopes: ReadonlyArray<Scope>
  /** The scopes to narrow it to without breaking anything that ran since then. */
  readonly narrowableTo: ReadonlyArray<Scope>
}

/** Summarises the records of the token's secrets, given that recording started at `recordedSince`. */
const of = (
  token: Pick<ApiToken, "id" | "createdAt" | "scopes">,
  secrets: ReadonlyArray<SecretUsage>,
  recordedSince: DateTime.Utc,
  catalogue: ScopeCatalogue,
): TokenUsage => {
  const own = secrets.filter(({ generation }) => generation !== SecretUsage.byDescendants)
  const ofLineage = secrets.filter(({ generation }) => generation === SecretUsage.byDescendants)
  const sum = (usages: ReadonlyArray<SecretUsage>) => usages.reduce(SecretUsage.add, { ...nothing, tokenId: token.id })
  const [itself, lineage, total] = [sum(own), sum(ofLineage), sum(secrets)]
  const granted = catalogue.close(token.scopes)
  const used = granted.filter((scope) => total.scopes.has(scope))
  const needed = catalogue.close(used)
  return {
    lastUsedAt: itself.lastUsedAt,
    lineageUsedAt: lineage.lastUsedAt,
    count: itself.count,
    secrets: own.sort((left, right) => right.generation - left.generation),
    scopes: total.scopes,
    since: DateTime.max(token.createdAt, recordedSince),
    unusedScopes: granted.filter((scope) => !needed.includes(scope)),
    narrowableTo: used.filter((scope) => !used.some((other) => other !== scope && implies(catalogue, other, scope))),
  }
}

/** Of two scopes that imply each other, the one declared first represents both. */
const implies = (catalogue: ScopeCatalogue, scope: Scope, implied: Scope): boolean =>
  catalogue.close([scope]).includes(implied) &&
  (!catalogue.close([implied]).includes(scope) || catalogue.scopes.indexOf(scope) < catalogue.scopes.indexOf(implied))

const nothing = {
  generation: 0,
  count: 0,
  lastUsedAt: Option.none(),
  scopes: new Map(),
  reuses: 0,
  lastReusedAt: Option.none(),
} as const

export const TokenUsage = { of } as const
