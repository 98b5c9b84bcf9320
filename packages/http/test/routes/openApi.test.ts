import { describe, expect, it } from "@effect/vitest"
import { problemTypes, Route } from "@tokenry/http"
import { openApiOf } from "@tokenry/http/openapi"
import * as Schema from "effect/Schema"

const options = { title: "t", version: "1", description: "d", serverUrl: "https://api.example.test" }
const Thing = Schema.Struct({ id: Schema.String, at: Schema.NullOr(Schema.String) }).annotate({ identifier: "Thing" })

const route = Route.declare({
  method: "PATCH",
  path: "/things/:id/parts/:part",
  operationId: "changePart",
  summary: "Changes a part",
  security: [
    { scheme: "session", scopes: [] },
    { scheme: "bearer", scopes: ["thing:edit"] },
  ],
  parameters: { id: "The thing's id" },
  query: Schema.Struct({ dry: Schema.optionalKey(Schema.Boolean) }),
  body: { schema: Schema.Struct({ name: Schema.String }), example: { name: "x" }, isOptional: true },
  answers: { 200: { description: "The thing", schema: Thing, headers: { ETag: "Its revision" } } },
  problems: ["revision-conflict"],
})

/** The parts that tests look at. */
interface Operation {
  readonly parameters: ReadonlyArray<object>
  readonly requestBody: object
  readonly security: ReadonlyArray<object>
  readonly responses: Readonly<Record<string, object>>
}

const operationIn = (routes: ReadonlyArray<Route>): Operation => {
  const operation: unknown = openApiOf(routes, options).paths["/things/{id}/parts/{part}"]?.["patch"]
  return JSON.parse(JSON.stringify(operation)) as Operation
}

describe("the description of a route", () => {
  const operation = operationIn([route])

  it("lists the path's parameters, all required, and the query's", () => {
    expect(operation.parameters).toEqual([
      { name: "id", in: "path", required: true, description: "The thing's id", schema: { type: "string" } },
      { name: "part", in: "path", required: true, description: "part", schema: { type: "string" } },
      { name: "dry", in: "query", schema: { type: "boolean" } },
    ])
  })

  it("describes strict bodies and the responses, by reference", () => {
    expect(operation.requestBody).toMatchObject({
      required: false,
      content: {
        "application/json": { schema: { required: ["name"], additionalProperties: false }, example: { name: "x" } },
      },
    })
    expect(operation.responses["200"]).toEqual({
      description: "The thing",
      headers: { ETag: { description: "Its revision", schema: { type: "string" } } },
      content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } },
    })
    const { schemas } = openApiOf([route], options).components
    expect(schemas).toMatchObject({
      Thing: { required: ["id", "at"] },
      Problem: { required: ["type", "title", "status"] },
    })
  })

  it("lists the ways to authenticate", () => {
    expect(operation.security).toEqual([{ session: [] }, { bearer: ["thing:edit"] }])
  })

  it("has the problems that follow from the route and those it declares, under their statuses", () => {
    expect(Object.keys(operation.responses)).toEqual(["200", "400", "401", "403", "404", "409", "413", "415"])
    expect(operation.responses["409"]).toMatchObject({ description: problemTypes["revision-conflict"].title })
  })

  it("has no problems if its errors have a format of their own", () => {
    const own = operationIn([{ ...route, hasOwnErrors: true }])
    expect(Object.keys(own.responses)).toEqual(["200"])
  })
})

describe("scopes", () => {
  it("of a route are the ones a bearer token needs; undefined if it accepts none", () => {
    expect(Route.bearerScopes(route)).toEqual(["thing:edit"])
    expect(Route.bearerScopes({ ...route, security: [] })).toBeUndefined()
  })

  it("supported are those that any route accepts, each once", () => {
    const other = { ...route, security: [{ scheme: "bearer", scopes: ["thing:edit", "thing:read"] }] }
    expect(Route.scopesSupported([route, other])).toEqual(["thing:edit", "thing:read"])
  })
})
