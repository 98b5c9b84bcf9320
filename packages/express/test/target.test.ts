import { bearer, introspection } from "@tokenry/express"
import express from "express"
import { targetConformance } from "../../../tools/bearer-conformance/targetConformance.ts"

targetConformance((options) => {
  const app = express()
  app.use("/api", express.Router().use(bearer(options)))
  app.use("/oauth", express.Router().post("/introspect", introspection(options)))
  return app
})
