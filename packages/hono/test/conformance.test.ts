/** Every rule of docs/conformance.md, over real sockets. */
import { bearer, type CallerEnv, problemDetails } from "@tokenry/hono"
import { type Context, Hono } from "hono"
import { cors } from "hono/cors"
import { bearerConformance } from "../../../tools/bearer-conformance/bearerConformance.ts"
import { nodeListener } from "../../../tools/bearer-conformance/nodeListener.ts"

bearerConformance((options) => {
  const guard = bearer({ ...options, addressOf: () => "127.0.0.1", onError: () => undefined })
  const problems = problemDetails({ problemBase: options.problemBase })
  const app = new Hono<CallerEnv>()
  app.use(async (c, next) => {
    c.header("Vary", "Origin")
    const isPreflight = c.req.method === "OPTIONS" && c.req.header("Access-Control-Request-Method") !== undefined
    if (isPreflight || c.req.method !== "OPTIONS") return allowReading(c, next)
    return next()
  })
  app.use(guard)
  app.all("/", greet)
  app.all("/hoard", guard.requireScopes("treasure:read", "treasure:delete"), greet)
  app.onError(problems.onError)
  app.notFound(problems.notFound)
  return nodeListener(async (request) => app.fetch(request))
})

const allowReading = cors({
  origin: (origin) => origin,
  allowHeaders: ["authorization"],
  exposeHeaders: ["WWW-Authenticate"],
})

const greet = (c: Context<CallerEnv>) => {
  const { ownedBy } = c.get("caller")
  c.header("ETag", `"${ownedBy}"`)
  return c.req.header("If-None-Match") === `"${ownedBy}"` ? c.body(null, 304) : c.text(ownedBy)
}
