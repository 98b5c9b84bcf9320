/** The scopes that the demo's tokens can have. */
import { ScopeCatalogue, type ScopeOf, TokenFormat, TokenPolicy } from "@tokenry/core"

export const scopeCatalogue = ScopeCatalogue.make({
  "treasure:read": "See your treasures",
  "treasure:create": "Add treasures",
  "treasure:edit": { description: "Change your treasures", implies: ["treasure:read"] },
  "treasure:delete": "Delete your treasures",
  "token:manage": "Manage the token itself and tokens that it issues",
  "token:introspect": "Look up anyone's tokens",
})

export type DemoScope = ScopeOf<typeof scopeCatalogue>

/** The default scopes of an account, unless an admin changes them. */
export const plainScopes = [
  "treasure:read",
  "treasure:create",
  "treasure:edit",
  "treasure:delete",
  "token:manage",
] as const

/** 90 days by default; any other lifetime is allowed, including never. */
export const tokenPolicy = TokenPolicy.make({
  defaultLifetime: "90 days",
  longestLifetime: null,
  allowsNeverExpiring: true,
})

/** New tokens are `tcp_…` with a checksum; the older format, 64 hex digits without one, is still accepted. */
export const tokenFormat = TokenFormat.checksummed({ prefix: "tcp" })
export const olderTokenFormat = TokenFormat.hex({ prefix: "tcp" })
