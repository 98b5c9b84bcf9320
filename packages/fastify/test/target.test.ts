import { bearer, introspection } from "@tokenry/fastify"
import fastify from "fastify"
import { targetConformance } from "../../../tools/bearer-conformance/targetConformance.ts"

targetConformance(async (options) => {
  const app = fastify({ rewriteUrl: ({ url = "" }) => url.replace("/api/", "/v1/") })
  await app.register(introspection(options))
  await app.register(
    async (api) => {
      await api.register(bearer(options))
      api.get("/treasures", () => "a map")
    },
    { prefix: "/v1" },
  )
  await app.ready()
  return (req, res) => app.routing(req, res)
})
