/** Where a request came from, for a token's history. */
import type { Origin } from "@tokenry/core"
import { originFrom } from "@tokenry/http"
import type { ParameterizedContext } from "koa"

/**
 * The request's address and user agent, for the `by` of a change:
 *
 *     await tokens.revoke({ id, ownedBy, by: { actor: { kind: "person", id: ownedBy }, origin: originOf(ctx) } })
 *
 * Behind proxies set `app.proxy`, and `app.maxIpsCount` to their number. Omits an invalid address; the core
 * masks a token that a client has put into its user agent.
 */
export const originOf = (ctx: Pick<ParameterizedContext, "ip" | "get">): Origin =>
  originFrom(ctx.ip, ctx.get("User-Agent"))
