/** Why a token is not accepted: a closed union of plain values, none of which holds a secret. */
import type { OwnerId } from "./OwnerId.ts"
import type { TokenFlaw } from "./TokenFormat.ts"
import type { TokenId } from "./TokenId.ts"

/** Whose side lacks a scope: the token's own, that of a token it was minted with, or its owner's. */
export type Side = "token" | "ancestor" | "owner"

export interface MissingScope {
  readonly scope: string
  readonly on: Side
}

/**
 * - `Malformed`: not a token of any accepted format. No store was asked.
 * - `Unknown`: well-formed, but never issued, or purged.
 * - `Retired`: a secret that was replaced by a rotation, and whose grace is over.
 * - `Revoked`, `Expired`: the token is, or (`on` says which) a token that it was minted by.
 * - `OwnerInactive`: the owner is deactivated or gone.
 * - `InsufficientScope`: all else is well, but the token may not do what was required. The only refusal that a client
 *   may be told the reason of; the others must look alike from outside.
 */
export type Refusal =
  | { readonly _tag: "Malformed"; readonly flaw: TokenFlaw }
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "Retired"; readonly tokenId: TokenId; readonly generation: number }
  | { readonly _tag: "Revoked"; readonly tokenId: TokenId; readonly on: "token" | "ancestor" }
  | { readonly _tag: "Expired"; readonly tokenId: TokenId; readonly on: "token" | "ancestor" }
  | { readonly _tag: "OwnerInactive"; readonly tokenId: TokenId; readonly ownedBy: OwnerId }
  | {
      readonly _tag: "InsufficientScope"
      readonly tokenId: TokenId
      readonly ownedBy: OwnerId
      readonly required: ReadonlyArray<string>
      readonly missing: ReadonlyArray<MissingScope>
    }
