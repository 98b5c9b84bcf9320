/** Where a request came from, for a token's history. */
import type { Origin } from "@tokenry/core"
import { originFrom } from "@tokenry/http"
import type { Context } from "hono"

/**
 * The request's user agent, and the address if you pass it, for the `by` of a change:
 *
 *     const origin = originOf(c, getConnInfo(c).remote.address)
 *     await tokens.revoke({ id, ownedBy, by: { actor: { kind: "person", id: ownedBy }, origin } })
 *
 * Omits an invalid address; the core masks a token that a client has put into its user agent.
 */
export const originOf = (c: Context, address?: string): Origin => originFrom(address, c.req.header("User-Agent"))
