/** What an application has to be for the rules to apply to it. */
import type { RequestListener } from "node:http"
import type { GuardOptions, GuardTokens, RateLimits } from "@tokenry/http"
import type { TreasureScope } from "./sentTokens.ts"

/** What the guard is made with. */
export interface AppOptions extends GuardOptions<TreasureScope> {
  readonly tokens: GuardTokens<TreasureScope>
  readonly problemBase: string
  readonly from?: { readonly header: string }
  readonly limits?: RateLimits
}

/**
 * - The binding's guard stands before everything but CORS, which lets any origin read `WWW-Authenticate`, and answers a
 *   preflight request with 204.
 * - `/`, by any method, answers a caller with their owner's id, which is in quotes the `ETag` as well; `If-None-Match` is
 *   honoured.
 * - `/hoard` does the same for callers with `treasure:read` and `treasure:delete`.
 * - Everything else is the binding's own 404.
 */
export type ConformingApp = (options: AppOptions) => RequestListener | Promise<RequestListener>
