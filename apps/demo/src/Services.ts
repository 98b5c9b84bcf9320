/** What the routes work with, opened once. */
import type { PromiseApiTokens } from "@tokenry/core/promise"
import type { Bearer } from "@tokenry/koa"
import type { DemoRateLimits } from "./http/rateLimits.ts"
import type { DemoScope } from "./scopes.ts"
import type { Store } from "./store/Store.ts"

export interface Services {
  readonly tokens: PromiseApiTokens<DemoScope>
  readonly guard: Bearer<DemoScope>
  readonly store: Store
  /** What the world calls the service: `https://treasures.example.com`, without a slash at the end. */
  readonly publicUrl: string
  readonly rateLimits: DemoRateLimits
  /** How many proxies stand before the service; what they say of a client's address is believed. */
  readonly trustedProxies: number
}
