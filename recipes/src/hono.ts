/** Tokens in a Hono app, for any runtime: `export default honoApp(tokens)`. */
import { bearer, problemDetails } from "@tokenry/hono"
import type { GuardTokens } from "@tokenry/http"
import { Hono } from "hono"
import type { TreasureScope } from "./catalogue.ts"

const problemBase = "https://api.example.com/problems/"

export const honoApp = (tokens: GuardTokens<TreasureScope>) => {
  const guard = bearer({ tokens, realm: "treasures", problemBase })
  const problems = problemDetails({ problemBase })

  const app = new Hono()
  app.onError(problems.onError)
  app.notFound(problems.notFound)
  app.get("/treasures", guard.requireScopes("treasure:read"), (c) =>
    c.json({ owner: c.get("caller").ownedBy, treasures: ["Ruby"] }),
  )
  app.delete("/treasures/:id", guard.requireScopes("treasure:delete"), (c) => c.body(null, 204))
  return app
}
