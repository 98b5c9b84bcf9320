/** How a token has been used: what a person needs to know before narrowing it, or ending an overlap. */
import { DateTime, Option } from "effect"
import type { ApiToken } from "./ApiToken.ts"
import type { Scope } from "./Scope.ts"
import type { ScopeCatalogue } from "./ScopeCatalogue.ts"
import { SecretUsage } from "./SecretUsage.ts"

export interface TokenUsage {
  /** None: not since `since`. */
  readonly lastUsedAt: Option.Option<DateTime.Utc>
  /** When what was minted by means of it was last used. */
  readonly lineageUsedAt: Option.Option<DateTime.Utc>
  /** How many requests it was accepted for itself. */
  readonly count: number
  /** What is recorded of each secret, the newest first; secrets that were never used are not among them. */
  readonly secrets: ReadonlyArray<SecretUsage>
  /** Each scope that a request required for which it, or what was minted by means of it, was accepted, and when last. */
  readonly scopes: ReadonlyMap<string, DateTime.Utc>
  /** From when on the record is complete: since the token was issued, or since uses are recorded at all. */
  readonly since: DateTime.Utc
  /** What the token's scopes grant, implied ones too, and no request has needed since then. */
  readonly unusedScopes: ReadonlyArray<Scope>
  /** What to narrow it to so that everything which ran since then still runs. */
  readonly narrowableTo: ReadonlyArray<Scope>
}

/** What these records of the token's secrets come to, if uses are recorded since `recordedSince`. */
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

/** Of two scopes that imply each other, the one that is declared first stands for both. */
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
