/** The result of verifying: who calls, by means of which token, and what they may do now. */
import type { DateTime, Option } from "effect"
import type { OwnerId } from "./OwnerId.ts"
import type { Scope } from "./Scope.ts"
import type { TokenId } from "./TokenId.ts"

export interface Caller {
  readonly tokenId: TokenId
  /** Which of the token's secrets was presented. */
  readonly generation: number
  readonly ownedBy: OwnerId
  /** The tokens by means of which this one was minted, the outermost first. */
  readonly ancestors: ReadonlyArray<TokenId>
  /** What token, ancestors and owner have in common now, with all that is implied. */
  readonly scopes: ReadonlyArray<Scope>
  /** None: never. */
  readonly expiresAt: Option.Option<DateTime.Utc>
}
