import { expect, it } from "@effect/vitest"
import { introspection, protectedResourceMetadata, revocation } from "@tokenry/hono"
import { Hono } from "hono"
import { openTokens, withToken } from "./tokens.ts"

const form = (fields: Record<string, string>, init: RequestInit = {}): RequestInit => ({
  ...init,
  method: "POST",
  body: new URLSearchParams(fields),
})

it("introspection and revocation answer", async () => {
  const tokens = await openTokens()
  const app = new Hono()
  app.all("/oauth/introspect", introspection({ tokens, realm: "treasures" }))
  app.all("/oauth/revoke", revocation({ tokens, addressOf: () => "192.0.2.1" }))
  const issue = () => tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  const [asking, other] = [await issue(), await issue()]

  const introspect = async () => {
    const init = form({ token: other.plaintext }, withToken(asking.plaintext))
    const response = await app.request("/oauth/introspect", init)
    expect([response.status, response.headers.get("Cache-Control")]).toEqual([200, "no-store"])
    return response.json()
  }
  const statusOf = async (path: string, init?: RequestInit) => (await app.request(path, init)).status
  expect(await introspect()).toMatchObject({ active: true, sub: "user-1", scope: "treasure:read" })
  expect(await statusOf("/oauth/introspect", form({ token: other.plaintext }))).toBe(401)
  expect(await statusOf("/oauth/introspect")).toBe(405)
  expect(await statusOf("/oauth/revoke", form({}))).toBe(400)
  expect(await statusOf("/oauth/revoke", form({ token: other.plaintext }))).toBe(200)
  expect(await introspect()).toEqual({ active: false })
  const { history } = await tokens.find({ id: other.token.id, ownedBy: "user-1" })
  expect(history.at(-1)).toMatchObject({ kind: "revoked", origin: { address: "192.0.2.1" } })
})

it("the resource's metadata is at its well-known place", async () => {
  const { path, handler } = protectedResourceMetadata({ resource: "https://example.com/api", scopes: ["a:b"] })
  const app = new Hono().all(path, handler)
  const response = await app.request("/.well-known/oauth-protected-resource/api")
  expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "application/json"])
  expect(await response.json()).toMatchObject({ scopes_supported: ["a:b"] })
  expect((await app.request(path, { method: "DELETE" })).status).toBe(405)
})

it("the endpoints' options are checked when they are made", async () => {
  const tokens = await openTokens()
  const make = (options: object) => () => introspection({ tokens, realm: "treasures", ...options })
  expect(make({ bodyTimeout: "11 minutes" })).toThrow("bodyTimeout")
  expect(make({ scopeforall: "treasure:read" })).toThrow("did you mean scopeForAll?")
  expect(() => protectedResourceMetadata({ resource: "/api", scopes: [] })).toThrow("resource")
})
