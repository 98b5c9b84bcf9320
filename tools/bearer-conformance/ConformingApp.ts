/** What the rules expect of an application. */
import type { RequestListener } from "node:http"
import type { DpopVerifier, GuardOptions, GuardTokens, RateLimits } from "@tokenry/http"
import type { TreasureScope } from "./sentTokens.ts"

/** The options of the guard. */
export interface AppOptions extends GuardOptions<TreasureScope> {
  readonly tokens: GuardTokens<TreasureScope>
  readonly problemBase: string
  readonly from?: { readonly header: string }
  readonly limits?: RateLimits
  readonly dpop?: DpopVerifier
}

/**
 * The app under test:
 *
 * - The adapter's guard comes before everything except CORS, which exposes `WWW-Authenticate` to any origin and answers
 *   a preflight request with 204.
 *
 * - `/`, with any method, returns the caller's owner id, which in quotes is also the `ETag`. `If-None-Match` is
 *   honoured.
 *
 * - `/hoard` does the same for callers with `treasure:read` and `treasure:delete`.
 *
 * - Everything else is the framework's own 404.
 */
export type ConformingApp = (options: AppOptions) => RequestListener | Promise<RequestListener>
