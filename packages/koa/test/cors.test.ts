import { describe, expect, it } from "@effect/vitest"
import cors from "@koa/cors"
import Koa from "koa"
import { bearer, problemDetails, requireScopes } from "@tokenry/koa"
import { listen, openTokens, request } from "./server.ts"

const problemBase = "https://api.example.test/problems/"
const origin = "Origin: https://app.example.test"

const serve = async () => {
  const tokens = await openTokens()
  const app = new Koa()
    .use(problemDetails({ problemBase }))
    .use(cors({ origin: "*", exposeHeaders: ["WWW-Authenticate", "RateLimit", "RateLimit-Policy", "Retry-After"] }))
    .use(bearer({ tokens, realm: "treasures", problemBase }))
    .use(requireScopes("treasure:read"))
  return listen(app)
}

describe("with @koa/cors before bearer", () => {
  it("a preflight is not asked for a token (Fetch §4.8)", async () => {
    await using server = await serve()
    const headers = [origin, "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization"]
    const answer = await request(server.port, { method: "OPTIONS", headers })
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({ "access-control-allow-headers": "authorization" })
    expect(answer.headers).not.toHaveProperty("www-authenticate")
  })

  it("a challenge can be read from another origin, and never comes with leave to send cookies", async () => {
    await using server = await serve()
    for (const authorization of [[], ["Bearer tok_x"], ["Bearer a,b"]]) {
      const { status, headers } = await request(server.port, { headers: [origin], authorization })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(headers["access-control-expose-headers"]).toContain("WWW-Authenticate")
      expect(headers["access-control-allow-origin"]).toBe("*")
      expect(headers).not.toHaveProperty("access-control-allow-credentials")
    }
  })
})
