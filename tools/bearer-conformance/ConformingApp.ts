/** What an application has to be for the rules to apply to it. */
import type { RequestListener } from "node:http"
import type { PromiseApiTokens } from "@tokenry/core/promise"

interface AppOptions {
  readonly tokens: Pick<PromiseApiTokens, "verify" | "exercised">
  readonly realm: string
  readonly problemBase: string
}

/**
 * - The binding's guard stands before everything but CORS, which lets any origin read `WWW-Authenticate`, and answers a
 *   preflight request with 204.
 * - `/`, by any method, answers a caller with their owner's id, which is in quotes the `ETag` as well; `If-None-Match` is
 *   honoured.
 * - `/hoard` does the same for callers with `treasure:read` and `treasure:delete`.
 * - `/besides` does the same without the ETag, for tokens in a form or in the query as well, if the binding reads them.
 * - Everything else is the binding's own 404.
 */
export type ConformingApp = (options: AppOptions) => RequestListener
