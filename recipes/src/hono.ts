/** Tokens in a Hono app, on whatever runtime it is served by: `export default honoApp(tokens)`. */
import type { Caller } from "@tokenry/core/promise"
import { bearer, problemDetails, type VerifyingTokens } from "@tokenry/fetch"
import { Hono } from "hono"
import { createMiddleware } from "hono/factory"

const problemBase = "https://api.example.com/problems/"

export const honoApp = (tokens: VerifyingTokens) => {
  const { authenticate } = bearer({ tokens, realm: "treasures", problemBase })
  const withProblems = problemDetails({ problemBase })

  /** Lets callers pass who have these scopes. */
  const allows = (...scopes: ReadonlyArray<string>) =>
    createMiddleware<{ Variables: { caller: Caller } }>(async (c, next) => {
      const passage = await authenticate(c.req.raw, ...scopes)
      if (passage instanceof Response) return passage
      c.set("caller", passage.caller)
      await next()
      c.res = passage.finish(c.res)
      return undefined
    })

  const app = new Hono()
  app.onError((error, c) => {
    const failing = () => {
      throw error
    }
    return withProblems(failing)(c.req.raw)
  })
  app.notFound((c) => withProblems(() => new Response(null, { status: 404 }))(c.req.raw))
  app.get("/treasures", allows("treasure:read"), (c) => c.json({ owner: c.var.caller.ownedBy, treasures: ["Ruby"] }))
  app.delete("/treasures/:id", allows("treasure:delete"), (c) => c.body(null, 204))
  return app
}
