import { describe, expect, it } from "@effect/vitest"
import { InvalidInput, RepositoryUnavailable, RevisionConflict, TokenNotFound } from "@tokenry/core"
import { httpErrors, problemDetails } from "@tokenry/express"
import express5, { type ErrorRequestHandler } from "express"
import express4 from "express4"
import { serve } from "./tokens.ts"

const versions = [
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
] as const

const errors: Readonly<Record<string, Error>> = {
  invalid: new InvalidInput({ issues: [{ path: ["name"], message: "must be given" }] }),
  missing: new TokenNotFound({ id: "7" }),
  lost: new RevisionConflict({ id: "7" }),
  away: new RepositoryUnavailable({ operation: "findByDigest", cause: new Error("secret host") }),
  own: Object.assign(new Error("I'm a teapot"), { status: 418 }),
  broken: new Error("secret host"),
}

describe.each(versions)("%s", (_version, express) => {
  const throwing = () => {
    const app = express()
    app.get("/:which", (req, _res, next) => next(errors[req.params["which"] ?? ""]))
    return app
  }

  it("httpErrors gives the usual error handler its statuses", async () => {
    const usual: ErrorRequestHandler = (error: Error & Record<string, unknown>, _req, res, _next) => {
      res.set((error["headers"] as Record<string, string> | undefined) ?? {})
      res.status(Number(error["status"] ?? 500))
      res.json({ code: error["code"] ?? null, message: error["expose"] === true ? error.message : "" })
    }
    await using server = await serve(throwing().use(httpErrors()).use(usual))
    const [invalid, missing, lost, away, own, broken] = await Promise.all(
      Object.keys(errors).map((name) => server.ask(`/${name}`)),
    )
    expect(invalid).toMatchObject({ status: 400, body: expect.stringContaining('"code":"InvalidInput"') })
    expect(missing).toMatchObject({ status: 404, body: expect.stringContaining('"code":"TokenNotFound"') })
    expect(lost).toMatchObject({ status: 409, body: expect.stringContaining('"code":"RevisionConflict"') })
    expect(away).toMatchObject({ status: 503, body: '{"code":"RepositoryUnavailable","message":""}' })
    expect(away?.headers.get("Retry-After")).toBe("5")
    expect([own?.status, broken?.status]).toEqual([418, 500])
  })

  it("problemDetails answers every error and unknown routes with problem details", async () => {
    const reported: Array<string> = []
    const problems = problemDetails({ onError: (_error, { id }) => void reported.push(id) })
    const app = throwing()
    app.get("/known/later", (_req, res) => {
      res.set({ ETag: '"1"', "Set-Cookie": "a=b", "Cache-Control": "public", "X-Trace": "7" })
      throw Object.assign(new Error("later"), { status: 409, expose: true, headers: { Vary: "Accept" } })
    })
    await using server = await serve(app.use(problems.notFound).use(problems))
    const answers = await Promise.all(["invalid", "away", "broken"].map((name) => server.ask(`/${name}`)))
    expect(answers.map(({ status }) => status)).toEqual([400, 503, 500])
    expect(JSON.parse(answers[0]?.body ?? "")).toMatchObject({ errors: [{ pointer: "#/name" }] })
    for (const { headers, body } of answers) {
      expect(headers.get("Content-Type")).toBe("application/problem+json")
      expect(body).not.toContain("secret host")
    }
    expect(reported).toHaveLength(2)
    expect(reported).toContain(/urn:uuid:([\da-f-]+)/.exec(answers[2]?.body ?? "")?.[1])
    expect(await server.ask("/no/where")).toMatchObject({ status: 404, body: expect.stringContaining("Not Found") })
    const { status, headers } = await server.ask("/known/later")
    expect([status, headers.get("ETag"), headers.get("Set-Cookie"), headers.get("Cache-Control")]).toEqual([
      409,
      null,
      null,
      "no-store",
    ])
    expect([headers.get("X-Trace"), headers.get("Vary")]).toEqual(["7", "Accept"])
  })
})
