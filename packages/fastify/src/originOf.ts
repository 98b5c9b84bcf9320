/** Where a request came from, for a token's history. */
import type { Origin } from "@tokenry/core"
import { originFrom } from "@tokenry/http"
import type { FastifyRequest } from "fastify"

/**
 * The request's address and user agent, for the `by` of a change:
 *
 *     await tokens.revoke({ id, ownedBy, by: { actor: { kind: "person", id: ownedBy }, origin: originOf(request) } })
 *
 * Behind proxies set Fastify's `trustProxy`. Omits an invalid address; the core masks a token that a client has
 * put into its user agent.
 */
export const originOf = (request: Pick<FastifyRequest, "ip" | "headers">): Origin =>
  originFrom(request.ip, request.headers["user-agent"])
