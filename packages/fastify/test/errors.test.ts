import { expect, it } from "@effect/vitest"
import { InvalidInput, RepositoryUnavailable } from "@tokenry/core"
import { httpErrors, problemDetails } from "@tokenry/fastify"
import fastify, { type FastifyError } from "fastify"

const errors: Readonly<Record<string, Error>> = {
  invalid: new InvalidInput({ issues: [{ path: ["name"], message: "must be given" }] }),
  away: new RepositoryUnavailable({ operation: "findByDigest", cause: new Error("secret host") }),
  own: Object.assign(new Error("gone"), { statusCode: 410 }),
  broken: new Error("secret host"),
}

const throwing = (app = fastify()) =>
  app.get<{ Params: { which: string } }>("/:which", async ({ params }) => {
    throw errors[params.which] ?? new Error("Which?")
  })

it("httpErrors gives the usual error handler errors with a status", async () => {
  const app = throwing()
  app.setErrorHandler(
    httpErrors((error, _request, reply) => reply.code(error.statusCode ?? 500).send(error.code ?? "")),
  )
  const answers = await Promise.all(Object.keys(errors).map((name) => app.inject(`/${name}`)))
  expect(answers.map(({ statusCode, body }) => [statusCode, body])).toEqual([
    [400, "InvalidInput"],
    [503, "RepositoryUnavailable"],
    [410, ""],
    [500, ""],
  ])
  expect(answers[1]?.headers["retry-after"]).toBe("5")
})

it("httpErrors without a handler leaves the answer to Fastify, or to the handler of the context above", async () => {
  const app = throwing()
  app.setErrorHandler(httpErrors())
  const invalid = await app.inject("/invalid")
  expect([invalid.statusCode, invalid.json()]).toEqual([400, expect.objectContaining({ code: "InvalidInput" })])
  expect((await app.inject("/away")).headers["retry-after"]).toBe("5")

  const above = fastify()
  above.setErrorHandler((error: FastifyError, _request, reply) => reply.code(error.statusCode ?? 500).send(error.code))
  await above.register(async (below) => {
    below.setErrorHandler(httpErrors())
    below.get("/", () => {
      throw errors["invalid"] as Error
    })
  })
  const answer = await above.inject("/")
  expect([answer.statusCode, answer.body]).toEqual([400, "InvalidInput"])
})

it("problemDetails answers every error and unknown routes with problem details", async () => {
  const app = fastify()
  await app.register(problemDetails())
  throwing(app)
  const answers = await Promise.all([...Object.keys(errors), "no/where"].map((name) => app.inject(`/${name}`)))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([400, 503, 410, 500, 404])
  for (const { headers, body } of answers) {
    expect(headers["content-type"]).toBe("application/problem+json")
    expect(body).not.toContain("secret host")
  }
  expect(answers[0]?.json()).toMatchObject({ errors: [{ pointer: "#/name" }] })
  expect(answers[3]?.json()).toMatchObject({ instance: expect.stringMatching(/^urn:uuid:/) })
  expect(() => problemDetails({ problemBase: "/problems" })).toThrow("problemBase")
})
