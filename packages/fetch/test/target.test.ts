import { bearer, introspection } from "@tokenry/fetch"
import { nodeListener } from "../../../tools/bearer-conformance/nodeListener.ts"
import { targetConformance } from "../../../tools/bearer-conformance/targetConformance.ts"

targetConformance((options) => {
  const introspect = introspection(options)
  const api = bearer(options).protect(() => new Response("a map"))
  return nodeListener((request) => (request.url.includes("/oauth/") ? introspect(request) : api(request)))
})
