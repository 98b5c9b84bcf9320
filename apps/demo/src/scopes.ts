/** What a token of the demo may do. */
import { ScopeCatalogue, type ScopeOf, TokenFormat, TokenPolicy } from "@tokenry/core"

export const scopeCatalogue = ScopeCatalogue.make({
  "treasure:read": "See your treasures",
  "treasure:create": "Add treasures",
  "treasure:edit": { description: "Change your treasures", implies: ["treasure:read"] },
  "treasure:delete": "Delete your treasures",
  "token:manage": "Manage the token itself and tokens that it issues",
  "token:introspect": "Ask about anybody's tokens",
})

export type DemoScope = ScopeOf<typeof scopeCatalogue>

/** What an account may do unless an admin says otherwise. */
export const plainScopes = [
  "treasure:read",
  "treasure:create",
  "treasure:edit",
  "treasure:delete",
  "token:manage",
] as const

/** 90 days unless asked otherwise; any other lifetime is allowed, and never too. */
export const tokenPolicy = TokenPolicy.make({
  defaultLifetime: "90 days",
  longestLifetime: null,
  allowsNeverExpiring: true,
})

/** New tokens are `tcp_…` with a checksum; the older shape, 64 hex digits without one, is accepted as well. */
export const tokenFormat = TokenFormat.checksummed({ prefix: "tcp" })
export const olderTokenFormat = TokenFormat.hex({ prefix: "tcp" })
