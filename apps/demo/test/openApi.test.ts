/** That the API is described as it behaves: the document is valid, complete, and what the server answers matches it. */
import { createConfig, lintFromString } from "@redocly/openapi-core"
import { Dpop } from "@tokenry/dpop"
import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { declaredRoutes, describeApi } from "../src/api/description.ts"
import { guardOf } from "../src/http/guard.ts"
import { limited } from "../src/http/rateLimits.ts"
import { makeProvider } from "../src/oauth/provider.ts"
import { openSigningKeys } from "../src/oauth/signingKeys.ts"
import { makeRouters } from "../src/routers.ts"
import { openRateCounters } from "../src/store/rateCounters.ts"
import { Client } from "./Client.ts"
import { demoOn } from "./demos.ts"

interface Operation {
  readonly operationId: string
  readonly security: ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>>
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, MediaType>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, MediaType>> }>>
}

interface MediaType {
  readonly schema: object
  readonly example?: Readonly<Record<string, unknown>>
}

let demo: Demo
let owner: Client
let admin: Client
beforeAll(async () => {
  demo = await demoOn({ kind: "memory" })
  owner = await Client.signedIn(demo.publicUrl, "owner")
  admin = await Client.signedIn(demo.publicUrl, "admin")
})
afterAll(() => demo.stop())

const document = describeApi("http://127.0.0.1:3000")
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation: operation as Operation,
  })),
)

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
ajv.addSchema({ $id: "api", components: document.components })
const matches = (schema: object, value: unknown): boolean =>
  ajv.validate(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components')) as object, value)

it("the document is valid OpenAPI, and says for each operation who may call it", async () => {
  const config = await createConfig({ extends: ["spec"], rules: { "security-defined": "error" } })
  expect(await lintFromString({ source: JSON.stringify(document), config })).toEqual([])
})

it("the document is served, with this server's address", async () => {
  const { body, headers } = await new Client(demo.publicUrl).get("/openapi.json")
  expect(headers.get("Content-Type")).toContain("application/json")
  expect(body).toEqual({ ...document, servers: [{ url: demo.publicUrl }] })
})

it("no route is without an operation, and no operation without a route", async () => {
  const onError = () => {}
  const counters = await openRateCounters({ kind: "memory" }, { windowSeconds: 60, onError })
  const rateLimits = limited({ problemBase: "http://127.0.0.1/problems/", limit: "off", counters, onError })
  const jwts = { keys: await openSigningKeys(undefined), audiences: [] }
  const dpop = Dpop.make({ baseUrl: demo.publicUrl })
  const services = {
    ...demo,
    dpop,
    guard: guardOf({ ...demo, limits: undefined, dpop }),
    rateLimits,
    trustedProxies: 0,
    jwts,
  }
  const routers = makeRouters(services, makeProvider(services))
  const layers = routers.flatMap(({ stack }) => stack.filter(({ methods }) => methods.length > 0))
  // Those that answer every method by themselves, most of them with 405, are known by their path.
  const known = (path: unknown) => declaredRoutes.filter((route) => route.path === path).map(({ method }) => method)
  const routes = layers.flatMap(({ path, methods }) =>
    (methods.length > 2 ? known(path) : methods.filter((method) => method !== "HEAD")).map(
      (method) => `${method} ${path}`,
    ),
  )
  expect(new Set(layers.map(({ path }) => path))).toEqual(new Set(declaredRoutes.map(({ path }) => path)))
  expect(routes.toSorted()).toEqual(declaredRoutes.map(({ method, path }) => `${method} ${path}`).toSorted())
})

/** The operation's address, with ids of things that are there. */
const addressOf = async (path: string, operationId: string): Promise<string> => {
  if (path.startsWith("/api/users")) {
    const { body } = await admin.get("/api/users")
    return path.replace("{id}", body.items.find(({ email }: { email: string }) => email.startsWith("other")).id)
  }
  if (path.startsWith("/api/tokens")) return path.replace("{id}", (await owner.issue()).token.id)
  if (path.startsWith("/api/treasures") && operationId !== "createTreasure") {
    return path.replace("{id}", (await owner.post("/api/treasures", { name: "Ruby", value: 3 })).body.id)
  }
  return path.replace("{slug}", "not-found").replace("{file}", "start.js")
}

const exampleOf = ({ requestBody }: Operation) => Object.values(requestBody?.content ?? {})[0]

/** Sends what the example says, or something else. */
const send = async (
  client: Client,
  { path, method, operation }: (typeof operations)[number],
  body = exampleOf(operation)?.example,
) => client.send(method, await addressOf(path, operation.operationId), body && JSON.stringify(body))

/** Who may do it in a session; for signing out a session of its own. */
const personFor = async (path: string): Promise<Client> => {
  if (path === "/api/session") return Client.signedIn(demo.publicUrl, "owner")
  return path.startsWith("/api/users") ? admin : owner
}

const isBearer = ({ security }: Operation) => security.some((requirement) => "bearer" in requirement)
const scopesOf = ({ security }: Operation) => security.find((requirement) => "bearer" in requirement)?.["bearer"] ?? []
const isJson = ({ operation }: { operation: Operation }) =>
  operation.requestBody === undefined || "application/json" in operation.requestBody.content

/** The operations that are sent JSON or nothing, as far as they meet the condition. */
const each = (condition: (operation: Operation) => boolean = () => true) =>
  operations
    .filter(isJson)
    .filter(({ operation }) => condition(operation))
    .map((each) => [each.operation.operationId, each] as const)

it.each(each(({ security }) => security.length > 0))("%s without credentials is 401", async (_, operation) => {
  expect((await send(new Client(demo.publicUrl), operation)).status).toBe(401)
})

it.each(each((operation) => scopesOf(operation).length > 0))(
  "%s with a token that may do nothing is 403, and says what it takes",
  async (_, each) => {
    const { plaintext } = await owner.issue({ scopes: [] })
    const { status, headers } = await send(owner.withToken(plaintext), each)
    expect(status).toBe(403)
    expect(headers.get("WWW-Authenticate")).toContain(`scope="${scopesOf(each.operation).join(" ")}"`)
  },
)

it.each(each())("%s with all that it takes is answered by its schema, and its example works", async (_, each) => {
  const { operation } = each
  const { plaintext, token } = await owner.issue({ scopes: ["treasure:read", ...scopesOf(operation)] })
  // A token reaches itself and no other, so it is asked about itself.
  const reached = { ...each, path: each.path.replace("/api/tokens/{id}", `/api/tokens/${token.id}`) }
  const client = isBearer(operation) ? owner.withToken(plaintext) : await personFor(each.path)
  const { status, body } = await send(client, reached)
  const declared = operation.responses[status]
  expect(status).toBeLessThan(300)
  expect(declared).toBeDefined()
  const [content] = Object.values(declared?.content ?? {})
  expect(content === undefined ? body === "" : matches(content.schema, body)).toBe(true)
})

it.each(each(({ requestBody }) => requestBody !== undefined))(
  "%s takes what the document allows, and refuses what it does not",
  async (_, each) => {
    const { schema, example = {} } = exampleOf(each.operation) ?? { schema: {} }
    const { properties = {} } = schema as { readonly properties?: object }
    const variants = Object.keys(properties).flatMap((field) => [
      Object.fromEntries(Object.entries(example).filter(([name]) => name !== field)),
      { ...example, [field]: null },
      { ...example, [field]: {} },
    ])
    const client = await personFor(each.path)
    for (const variant of [...variants, { ...example, unknown: 1 }, [], "text", 1]) {
      const { status } = await send(client, each, variant as never)
      expect([variant, status === 400]).toEqual([variant, !matches(schema, variant)])
    }
  },
)

it("the page that shows it is made of the demo's own files, under a strict policy", async () => {
  const client = new Client(demo.publicUrl)
  const { headers, body } = await client.get("/docs")
  expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  const links = Array.from(String(body).matchAll(/(?:src|href)="([^"]+)"/g), ([, link]) => link ?? "")
  expect(links).toHaveLength(3)
  for (const link of links) {
    expect(link).toMatch(/^\//)
    expect((await client.get(link)).status).toBe(200)
  }
})
