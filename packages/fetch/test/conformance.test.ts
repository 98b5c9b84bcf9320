/** Every rule of docs/conformance.md, over real sockets. */
import type { Caller } from "@tokenry/core/promise"
import { bearer, problemDetails } from "@tokenry/fetch"
import { bearerConformance } from "../../../tools/bearer-conformance/bearerConformance.ts"
import { type FetchHandler, nodeListener } from "../../../tools/bearer-conformance/nodeListener.ts"

bearerConformance((options) => {
  const { problemBase } = options
  const guard = bearer({ ...options, addressOf: () => "127.0.0.1", onError: () => undefined })
  const hoard = guard.requireScopes("treasure:read", "treasure:delete")(greet)
  const nowhere = guard.protect(() => new Response(null, { status: 404 }))
  const routes: Partial<Record<string, FetchHandler>> = { "/": guard.protect(greet), "/hoard": hoard }
  const route: FetchHandler = (request) => (routes[new URL(request.url).pathname] ?? nowhere)(request)
  return nodeListener(readableEverywhere(problemDetails({ problemBase })(route)))
})

const readableEverywhere =
  (handler: FetchHandler): FetchHandler =>
  async (request) => {
    const origin = request.headers.get("Origin")
    const isPreflight = request.method === "OPTIONS" && request.headers.has("Access-Control-Request-Method")
    const response = isPreflight ? new Response(null, { status: 204 }) : await handler(request)
    response.headers.append("Vary", "Origin")
    if (origin !== null) {
      response.headers.set("Access-Control-Allow-Origin", origin)
      response.headers.set("Access-Control-Expose-Headers", "WWW-Authenticate")
      if (isPreflight) response.headers.set("Access-Control-Allow-Headers", "authorization")
    }
    return response
  }

const greet = (request: Request, { ownedBy }: Caller): Response => {
  const headers = { ETag: `"${ownedBy}"` }
  return request.headers.get("If-None-Match") === `"${ownedBy}"`
    ? new Response(null, { status: 304, headers })
    : new Response(ownedBy, { headers })
}
