import { bearer, introspection } from "@tokenry/hono"
import { Hono } from "hono"
import { nodeListener } from "../../../tools/bearer-conformance/nodeListener.ts"
import { targetConformance } from "../../../tools/bearer-conformance/targetConformance.ts"

targetConformance((options) => {
  const api = new Hono().use(bearer(options)).get("/treasures", (c) => c.text("a map"))
  const app = new Hono().route("/api", api).all("/oauth/introspect", introspection(options))
  return nodeListener(async (request) => app.fetch(request))
})
