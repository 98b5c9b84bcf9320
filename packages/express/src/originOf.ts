/** Where a request came from, for a token's history. */
import type { Origin } from "@tokenry/core"
import { originFrom } from "@tokenry/http"
import { addressOf, type NodeRequest } from "./NodeMessages.ts"

/**
 * The request's address and user agent, for the `by` of a change:
 *
 *     await tokens.revoke({ id, ownedBy, by: { actor: { kind: "person", id: ownedBy }, origin: originOf(req) } })
 *
 * Behind proxies set Express' `trust proxy`. Omits an invalid address; the core masks a token that a client
 * has put into its user agent.
 */
export const originOf = (req: NodeRequest): Origin => originFrom(addressOf(req), req.headers["user-agent"])
