/** Describes declared routes as an OpenAPI 3.1 document. */
import * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import { problemMediaType } from "../problems/Problem.ts"
import { type ProblemSlug, problemTypes } from "../problems/problemTypes.ts"
import type { Route, RouteAnswer, RouteBody, Shape } from "./Route.ts"

export interface OpenApiOptions {
  readonly title: string
  readonly version: string
  readonly description: string
  /** The API's absolute URL. */
  readonly serverUrl: string
  /** By name, as OpenAPI Security Scheme Objects. `bearer` is included by default. */
  readonly securitySchemes?: Readonly<Record<string, object>>
  /** An SPDX identifier. */
  readonly license?: string
  /** Problems that any route can return. */
  readonly problemsOfAll?: ReadonlyArray<ProblemSlug>
}

export interface OpenApiDocument {
  readonly openapi: "3.1.0"
  readonly info: object
  readonly servers: ReadonlyArray<{ readonly url: string }>
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>
  readonly components: { readonly schemas: object; readonly securitySchemes: object }
}

/**
 * The document. Includes the problems that follow from each declaration: credentials, scopes, bodies and parameters.
 * Schemas with an `identifier` become components.
 */
export const openApiOf = (routes: ReadonlyArray<Route>, options: OpenApiOptions): OpenApiDocument => {
  const schemas: Record<string, object> = { Problem: problemSchema }
  const jsonSchemaOf = (shape: Shape, onExcessProperty: "error" | "ignore"): object => {
    const { dialect, schema, definitions } = Schema.toJsonSchemaDocument(shape, { onExcessProperty })
    const described = JsonSchema.toMultiDocumentOpenApi3_1({ dialect, schemas: [schema], definitions })
    Object.assign(schemas, described.definitions)
    return described.schemas[0]
  }

  const operationOf = (route: Route): object => ({
    operationId: route.operationId,
    summary: route.summary,
    security: route.security.map(({ scheme, scopes }) => ({ [scheme]: scopes })),
    ...optional("parameters", [
      ...pathParametersOf(route),
      ...queryParametersOf(route, jsonSchemaOf),
      ...headerParametersOf(route),
    ]),
    ...(route.body === undefined ? {} : { requestBody: requestBodyOf(route.body, jsonSchemaOf) }),
    responses: {
      ...mapValues(route.answers, (answer) => responseOf(answer, jsonSchemaOf)),
      ...(route.hasOwnErrors ? {} : problemResponsesOf([...problemsOf(route), ...(options.problemsOfAll ?? [])])),
    },
  })

  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}")
    ;(paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route)
  }
  const { title, version, description, license, serverUrl, securitySchemes } = options
  return {
    openapi: "3.1.0",
    info: { title, version, description, ...(license && { license: { name: license, identifier: license } }) },
    servers: [{ url: serverUrl }],
    paths,
    components: { schemas, securitySchemes: { bearer: { type: "http", scheme: "bearer" }, ...securitySchemes } },
  }
}

type ToJsonSchema = (shape: Shape, onExcessProperty: "error" | "ignore") => object

/** The problems that follow from the declaration. */
const problemsOf = (route: Route): ReadonlyArray<ProblemSlug> => {
  const isSecured = route.security.length > 0
  const isScoped = route.security.some(({ scopes }) => scopes.length > 0)
  return [
    ...(isSecured ? (["credentials-required", "token-refused", "malformed-credentials"] as const) : []),
    ...(isScoped ? (["insufficient-scope"] as const) : []),
    ...(route.body || route.query || route.headers ? (["invalid-input"] as const) : []),
    ...(route.body ? (["unreadable-body", "content-too-large", "unsupported-media-type"] as const) : []),
    ...(route.parameters ? (["not-found"] as const) : []),
    ...(route.problems ?? []),
  ]
}

/** One response per status. The `type` distinguishes its problems. */
const problemResponsesOf = (slugs: ReadonlyArray<ProblemSlug>): Record<number, object> => {
  const byStatus = Map.groupBy(new Set(slugs), (slug) => problemTypes[slug].status)
  return Object.fromEntries(
    [...byStatus].map(([status, slugs]) => [
      status,
      {
        description: slugs.map((slug) => problemTypes[slug].title).join("; or: "),
        content: { [problemMediaType]: { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  )
}

const pathParametersOf = ({ path, parameters = {} }: Route): ReadonlyArray<object> =>
  Array.from(path.matchAll(/:(\w+)/g), ([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    description: parameters[name] ?? name,
    schema: { type: "string" },
  }))

/** The fields of the query's schema, which is a struct. */
const queryParametersOf = ({ query }: Route, toJsonSchema: ToJsonSchema): ReadonlyArray<object> => {
  if (query === undefined) return []
  const { properties = {}, required = [] } = toJsonSchema(query, "error") as {
    readonly properties?: Readonly<Record<string, object>>
    readonly required?: ReadonlyArray<string>
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    ...(required.includes(name) && { required: true }),
    schema,
  }))
}

const headerParametersOf = ({ headers = {} }: Route): ReadonlyArray<object> =>
  Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  }))

const requestBodyOf = (
  { schema, example, isOptional = false, mediaType = "application/json" }: RouteBody<Shape>,
  toJsonSchema: ToJsonSchema,
): object => ({
  required: !isOptional,
  content: { [mediaType]: { schema: toJsonSchema(schema, "error"), example } },
})

const responseOf = (
  { description, schema, mediaType = "application/json", headers }: RouteAnswer,
  toJsonSchema: ToJsonSchema,
): object => ({
  description,
  ...(headers && {
    headers: mapValues(headers, (description) => ({ description, schema: { type: "string" } })),
  }),
  ...(schema && { content: { [mediaType]: { schema: toJsonSchema(schema, "ignore") } } }),
})

/** RFC 9457, with our extension members. */
const problemSchema = {
  type: "object",
  properties: {
    type: { type: "string", format: "uri-reference" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: { pointer: { type: "string" }, detail: { type: "string" } },
        required: ["pointer", "detail"],
      },
    },
    scopes: { type: "array", items: { type: "string" } },
    resource: { type: "string", format: "uri-reference" },
  },
  required: ["type", "title", "status"],
} as const

const optional = (name: string, values: ReadonlyArray<object>): object =>
  values.length === 0 ? {} : { [name]: values }

const mapValues = <A, B>(values: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))
