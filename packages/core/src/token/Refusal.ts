/** Why a token is refused: a closed union of plain values, none of which holds a secret. */
import type { KeyFlaw } from "./KeyBinding.ts"
import type { OwnerId } from "./OwnerId.ts"
import type { TokenFlaw } from "./TokenFormat.ts"
import type { TokenId } from "./TokenId.ts"

/** Which side lacks a scope: the token, a token it was minted with, or its owner. */
export type Side = "token" | "ancestor" | "owner"

export interface MissingScope {
  readonly scope: string
  readonly on: Side
}

/**
 * - `Malformed`: not a token of any accepted format. The store wasn't queried.
 * - `Unknown`: well-formed, but never issued, or purged.
 * - `Retired`: a rotation replaced this secret, and its grace period is over.
 * - `Revoked`, `Expired`: the token itself or (see `on`) one it was minted with.
 * - `OwnerInactive`: the owner is deactivated or gone.
 * - `WrongKey`: the token is valid, but not for this client.
 * - `InsufficientScope`: the token is valid but lacks a required scope. The only reason a client may learn; the others
 *   must be indistinguishable from outside.
 */
export type Refusal =
  | { readonly _tag: "Malformed"; readonly flaw: TokenFlaw }
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "Retired"; readonly tokenId: TokenId; readonly generation: number }
  | { readonly _tag: "Revoked"; readonly tokenId: TokenId; readonly on: "token" | "ancestor" }
  | { readonly _tag: "Expired"; readonly tokenId: TokenId; readonly on: "token" | "ancestor" }
  | { readonly _tag: "OwnerInactive"; readonly tokenId: TokenId; readonly ownedBy: OwnerId }
  | { readonly _tag: "WrongKey"; readonly tokenId: TokenId; readonly flaw: KeyFlaw }
  | {
      readonly _tag: "InsufficientScope"
      readonly tokenId: TokenId
      readonly ownedBy: OwnerId
      readonly required: ReadonlyArray<string>
      readonly missing: ReadonlyArray<MissingScope>
    }
