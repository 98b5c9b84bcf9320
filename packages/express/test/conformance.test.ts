/** Every rule of docs/conformance.md, over real sockets, with Express 5, Express 4 and node:http alone. */
import { describe } from "@effect/vitest"
import { bearer, callerOf, type NodeRequest, type NodeResponse, problemDetails, writeAnswer } from "@tokenry/express"
import { ProblemAnswers } from "@tokenry/http"
import express5 from "express"
import express4 from "express4"
import { bearerConformance } from "../../../tools/bearer-conformance/bearerConformance.ts"

const versions = [
  ["Express 5", express5],
  // Its types are those of Express 5, which has the same members.
  ["Express 4", express4 as unknown as typeof express5],
] as const

describe.each(versions)("%s", (_version, express) => {
  bearerConformance((options) => {
    const guard = bearer({ ...options, onError: () => undefined })
    const problems = problemDetails({ problemBase: options.problemBase })
    const app = express()
      .set("strict routing", true)
      .set("case sensitive routing", true)
      .use((req, res, next) => {
        if (!isPreflight(req, res)) next()
      })
      .use(guard)
    app.all("/", greet)
    app.all("/hoard", guard.requireScopes("treasure:read", "treasure:delete"), greet)
    return app.use(problems.notFound).use(problems)
  })
})

describe("node:http", () => {
  bearerConformance((options) => {
    const guard = bearer({ ...options, onError: () => undefined })
    const { notFound } = ProblemAnswers.make({ problemBase: options.problemBase })
    const answer = async (req: NodeRequest, res: NodeResponse): Promise<void> => {
      if (isPreflight(req, res)) return
      const path = req.url?.split("?")[0]
      const scopes = path === "/hoard" ? (["treasure:read", "treasure:delete"] as const) : []
      const caller = await guard.admit(req, res, scopes)
      if (caller === undefined) return
      if (path === "/" || path === "/hoard") greet(req, res)
      else writeAnswer(res, notFound)
    }
    return (req, res) => void answer(req, res)
  })
})

const isPreflight = (req: NodeRequest, res: NodeResponse): boolean => {
  res.setHeader("Vary", "Origin")
  const { origin } = req.headers
  if (origin === undefined) return false
  res.setHeader("Access-Control-Allow-Origin", origin)
  res.setHeader("Access-Control-Expose-Headers", "WWW-Authenticate")
  if (req.method !== "OPTIONS" || req.headers["access-control-request-method"] === undefined) return false
  res.setHeader("Access-Control-Allow-Headers", "authorization")
  res.statusCode = 204
  res.end()
  return true
}

const greet = (req: NodeRequest, res: NodeResponse): void => {
  const { ownedBy } = callerOf(req)
  res.setHeader("ETag", `"${ownedBy}"`)
  const isFresh = req.headers["if-none-match"] === `"${ownedBy}"`
  res.statusCode = isFresh ? 304 : 200
  res.end(isFresh ? undefined : ownedBy)
}
