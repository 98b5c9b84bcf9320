import { expect, it } from "@effect/vitest"
import { bearer, introspection, protectedResourceMetadata, revocation } from "@tokenry/fastify"
import fastify from "fastify"
import { openTokens, serve, withToken } from "./tokens.ts"

const form = (fields: Record<string, string>, init: RequestInit = {}): RequestInit => ({
  ...init,
  method: "POST",
  body: new URLSearchParams(fields),
})

it("introspection and revocation answer beside a guard, and other routes keep their parsers", async () => {
  const tokens = await openTokens()
  const app = fastify()
  await app.register(introspection({ tokens, realm: "treasures" }))
  await app.register(revocation({ tokens }), { prefix: "/v1" })
  await app.register(bearer({ tokens, realm: "treasures" }))
  app.post("/echo", (request) => request.body)
  await app.ready()
  await using server = await serve((req, res) => app.routing(req, res))
  const issue = () => tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  const [asking, other] = [await issue(), await issue()]

  const introspect = async () => {
    const fields = { token: other.plaintext }
    const { status, headers, body } = await server.ask("/oauth/introspect", form(fields, withToken(asking.plaintext)))
    expect([status, headers.get("Cache-Control")]).toEqual([200, "no-store"])
    return JSON.parse(body)
  }
  expect(await introspect()).toMatchObject({ active: true, sub: "user-1", scope: "treasure:read" })
  expect(await server.ask("/oauth/introspect", form({ token: other.plaintext }))).toMatchObject({ status: 401 })
  expect(await server.ask("/oauth/introspect")).toMatchObject({ status: 405 })
  expect(await server.ask("/v1/oauth/revoke", form({}))).toMatchObject({ status: 400 })
  expect(await server.ask("/v1/oauth/revoke", { method: "POST", body: "{}" })).toMatchObject({ status: 400 })
  expect(await server.ask("/v1/oauth/revoke", form({ token: other.plaintext }))).toMatchObject({
    status: 200,
    body: "",
  })
  expect(await introspect()).toEqual({ active: false })
  const { history } = await tokens.find({ id: other.token.id, ownedBy: "user-1" })
  expect(history.at(-1)).toMatchObject({ kind: "revoked", origin: { address: "127.0.0.1" } })

  const headers = { ...withToken(asking.plaintext).headers, "Content-Type": "application/json" }
  expect(await server.ask("/echo", { method: "POST", body: "[1]", headers })).toMatchObject({
    status: 200,
    body: "[1]",
  })
})

it("the resource's metadata is at its well-known place", async () => {
  const app = fastify()
  await app.register(protectedResourceMetadata({ resource: "https://example.com/api", scopes: ["a:b"] }))
  const url = "/.well-known/oauth-protected-resource/api"
  const { statusCode, headers, body } = await app.inject(url)
  expect([statusCode, headers["content-type"], JSON.parse(body)["scopes_supported"]]).toEqual([
    200,
    "application/json",
    ["a:b"],
  ])
  expect((await app.inject({ url, method: "DELETE" })).statusCode).toBe(405)
})

it("the endpoints' options are checked when they are made", async () => {
  const tokens = await openTokens()
  const make = (options: object) => () => introspection({ tokens, realm: "treasures", ...options })
  expect(make({ bodyTimeout: "11 minutes" })).toThrow("bodyTimeout")
  expect(make({ scopeforall: "treasure:read" })).toThrow("did you mean scopeForAll?")
  expect(make({ path: "oauth" })).toThrow('write path: "/oauth/revoke"')
  expect(() => protectedResourceMetadata({ resource: "/api", scopes: [] })).toThrow("resource")
})
