/** The result of verifying: who calls, with which token, and what they may do now; and the rule about scopes. */
import type { DateTime, Option } from "effect"
import type { OwnerId } from "./OwnerId.ts"
import type { MissingScope, Side } from "./Refusal.ts"
import type { Scope } from "./Scope.ts"
import type { TokenId } from "./TokenId.ts"

export interface Caller<S extends string = string> extends ScopeHolder {
  readonly tokenId: TokenId
  /** Which of the token's secrets was presented. */
  readonly generation: number
  readonly ownedBy: OwnerId
  /** The tokens this one was minted with, the outermost first. */
  readonly ancestors: ReadonlyArray<TokenId>
  /** What the token, its ancestors and its owner all grant now, implied scopes included. */
  readonly scopes: ReadonlyArray<Scope & S>
  /** None: never. */
  readonly expiresAt: Option.Option<DateTime.Utc>
}

/** Whoever holds scopes: a caller, or a person in a session. */
export interface ScopeHolder {
  readonly scopes: ReadonlyArray<string>
  /**
   * What each side grants, the token first, where ancestors or the owner narrow what the token grants. Empty where the
   * token's own scopes are all that counts.
   */
  readonly narrowedBy?: ReadonlyArray<ScopeSide>
}

/** The scopes that one side of a caller's authority grants, implied ones included. */
export interface ScopeSide {
  readonly on: Side
  readonly scopes: ReadonlyArray<string>
}

/**
 * The rule about scopes, the only one: those of the required scopes that the holder lacks, each with the first side that
 * lacks it. Empty means that everything required is granted.
 */
export const missingScopes = (
  required: ReadonlyArray<string>,
  { scopes, narrowedBy = none }: ScopeHolder,
): ReadonlyArray<MissingScope> => {
  let missing: Array<MissingScope> | undefined
  for (const scope of required) {
    if (scopes.includes(scope)) continue
    const side = narrowedBy.find((side) => !side.scopes.includes(scope))
    ;(missing ??= []).push({ scope, on: side?.on ?? "token" })
  }
  return missing ?? none
}

const none: ReadonlyArray<never> = []
