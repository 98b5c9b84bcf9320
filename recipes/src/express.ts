/** Tokens in an Express app, with every error as problem details. */
import { bearer, callerOf, problemDetails } from "@tokenry/express"
import type { GuardTokens } from "@tokenry/http"
import express, { type Express } from "express"
import type { TreasureScope } from "./catalogue.ts"

const problemBase = "https://api.example.com/problems/"

export const expressApp = (tokens: GuardTokens<TreasureScope>): Express => {
  const guard = bearer({ tokens, realm: "treasures", problemBase })
  const problems = problemDetails({ problemBase })

  const app = express().disable("x-powered-by")
  app.get("/treasures", guard.requireScopes("treasure:read"), (req, res) => {
    res.json({ owner: callerOf(req).ownedBy, treasures: ["Ruby"] })
  })
  app.post("/treasures", guard.requireScopes("treasure:create"), express.json(), (req, res) => {
    res.status(201).json(req.body)
  })
  return app.use(problems.notFound).use(problems)
}
