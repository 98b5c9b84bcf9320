/** The result of verifying: the caller, its token and its current rights; and the rule for scopes. */
import type * as DateTime from "effect/DateTime"
import type * as Option from "effect/Option"
import type { KeyBinding } from "./KeyBinding.ts"
import type { OwnerId } from "./OwnerId.ts"
import type { MissingScope, Side } from "./Refusal.ts"
import type { Scope } from "./Scope.ts"
import type { TokenId } from "./TokenId.ts"

export interface Caller<S extends string = string> extends ScopeHolder {
  readonly tokenId: TokenId
  /** The generation of the presented secret. */
  readonly generation: number
  readonly ownedBy: OwnerId
  /** The tokens this one was minted with, the outermost first. */
  readonly ancestors: ReadonlyArray<TokenId>
  /** What the token, its ancestors and its owner all grant now, implied scopes included. */
  readonly scopes: ReadonlyArray<Scope & S>
  /** None: never. */
  readonly expiresAt: Option.Option<DateTime.Utc>
  /** The key the token is bound to. After `verify` a thumbprint; `inspect` checks no key, so it may be `first-key`. */
  readonly boundTo: Option.Option<KeyBinding>
}

/** Anyone who holds scopes: a caller, or a signed-in person. */
export interface ScopeHolder {
  readonly scopes: ReadonlyArray<string>
  /**
   * What each side grants, the token first, if ancestors or the owner narrow the token's scopes. Empty if only the
   * token's own scopes matter.
   */
  readonly narrowedBy?: ReadonlyArray<ScopeSide>
}

/** The scopes granted by one side of a caller's authority, implied ones included. */
export interface ScopeSide {
  readonly on: Side
  readonly scopes: ReadonlyArray<string>
}

/**
 * The one rule for scopes: the required scopes the holder lacks, each with the first side that lacks it. Empty means
 * everything required is granted.
 */
export const missingScopes = (
  required: ReadonlyArray<string>,
  { scopes, narrowedBy = none }: ScopeHolder,
): ReadonlyArray<MissingScope> => missingAmong(required, scopes, narrowedBy)

/** The same before there is a holder. */
export const missingAmong = (
  required: ReadonlyArray<string>,
  scopes: ReadonlyArray<string>,
  narrowedBy: ReadonlyArray<ScopeSide>,
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
