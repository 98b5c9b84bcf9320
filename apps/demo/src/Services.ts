/** The services every route uses, opened once. */
import type { PromiseApiTokens } from "@tokenry/core/promise"
import type { DpopVerifier } from "@tokenry/http"
import type { SigningKeys } from "@tokenry/jwt"
import type { Bearer } from "@tokenry/koa"
import type { DemoRateLimits } from "./http/rateLimits.ts"
import type { DemoScope } from "./scopes.ts"
import type { Store } from "./store/Store.ts"

export interface Services {
  readonly tokens: PromiseApiTokens<DemoScope>
  readonly guard: Bearer<DemoScope>
  /** Checks the proofs of clients whose token is bound to their key. */
  readonly dpop: DpopVerifier
  readonly store: Store
  /** The public URL without a trailing slash: `https://treasures.example.com`. */
  readonly publicUrl: string
  readonly rateLimits: DemoRateLimits
  /** How many proxies are in front of the service. Their word on the client's address is trusted. */
  readonly trustedProxies: number
  readonly jwts: {
    readonly keys: SigningKeys
    /** The services that JWTs can be for. */
    readonly audiences: ReadonlyArray<string>
  }
}
