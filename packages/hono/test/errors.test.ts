import { expect, it } from "@effect/vitest"
import { InvalidInput, RepositoryUnavailable } from "@tokenry/core"
import { httpErrors, problemDetails } from "@tokenry/hono"
import { Hono } from "hono"
import { HTTPException } from "hono/http-exception"

const errors: Readonly<Record<string, Error>> = {
  invalid: new InvalidInput({ issues: [{ path: ["name"], message: "must be given" }] }),
  away: new RepositoryUnavailable({ operation: "findByDigest", cause: new Error("secret host") }),
  teapot: new HTTPException(418, { message: "secret host" }),
  broken: new Error("secret host"),
}

const throwing = () => {
  const app = new Hono()
  app.get("/:which", (c) => {
    throw errors[c.req.param("which")] ?? new Error("Which?")
  })
  return app
}

it("httpErrors gives an error handler HTTPExceptions", async () => {
  const app = throwing()
  app.onError(
    httpErrors((error, c) => {
      const status = error instanceof HTTPException ? error.status : 500
      return c.json({ code: (error.cause as { code?: string } | undefined)?.code ?? "other" }, status)
    }),
  )
  const answers = await Promise.all(Object.keys(errors).map(async (name) => app.request(`/${name}`)))
  expect(answers.map(({ status }) => status)).toEqual([400, 503, 418, 500])
  expect(await Promise.all(answers.map(async (answer) => answer.json()))).toEqual([
    { code: "InvalidInput" },
    { code: "RepositoryUnavailable" },
    { code: "other" },
    { code: "other" },
  ])
  expect(answers[1]?.headers.get("Retry-After")).toBe("5")
})

it("problemDetails answers every error and unknown routes with problem details", async () => {
  const reported: Array<string> = []
  const problems = problemDetails({ onError: (_error, { id }) => void reported.push(id) })
  const app = throwing().onError(problems.onError).notFound(problems.notFound)
  app.get("/own/response", () => {
    throw new HTTPException(401, { res: new Response("own", { status: 401 }) })
  })
  const names = [...Object.keys(errors), "no/where"]
  const answers = await Promise.all(names.map(async (name) => app.request(`/${name}`)))
  expect(answers.map(({ status }) => status)).toEqual([400, 503, 418, 500, 404])
  const bodies = await Promise.all(answers.map(async (answer) => answer.text()))
  for (const { headers } of answers) expect(headers.get("Content-Type")).toBe("application/problem+json")
  expect(bodies.join("")).not.toContain("secret host")
  expect(JSON.parse(bodies[0] ?? "")).toMatchObject({ errors: [{ pointer: "#/name" }] })
  expect(reported).toContain(/urn:uuid:([\da-f-]+)/.exec(bodies[3] ?? "")?.[1])
  expect(await (await app.request("/own/response")).text()).toBe("own")
  expect(() => problemDetails({ problemBase: "/problems" })).toThrow("problemBase")
})
