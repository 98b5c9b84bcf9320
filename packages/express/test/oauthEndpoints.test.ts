import { describe, expect, it } from "@effect/vitest"
import { introspection, protectedResourceMetadata, revocation } from "@tokenry/express"
import express5 from "express"
import express4 from "express4"
import { openTokens, serve, withToken } from "./tokens.ts"

const versions = [
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
] as const

const form = (fields: Record<string, string>, init: RequestInit = {}): RequestInit => ({
  ...init,
  method: "POST",
  body: new URLSearchParams(fields),
})

describe.each(versions)("%s", (_version, express) => {
  it.each([
    ["before any body parser", () => express()],
    ["after a body parser", () => express().use(express.urlencoded({ extended: false }))],
  ])("introspection and revocation answer, %s", async (_when, make) => {
    const tokens = await openTokens()
    const app = make()
    app.all("/oauth/introspect", introspection({ tokens, realm: "treasures" }))
    app.all("/oauth/revoke", revocation({ tokens }))
    await using server = await serve(app)
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
    expect(await server.ask("/oauth/revoke", form({}))).toMatchObject({ status: 400 })
    expect(await server.ask("/oauth/revoke", form({ token: other.plaintext }))).toMatchObject({ status: 200, body: "" })
    expect(await introspect()).toEqual({ active: false })
    const { history } = await tokens.find({ id: other.token.id, ownedBy: "user-1" })
    expect(history.at(-1)).toMatchObject({ kind: "revoked", origin: { address: "127.0.0.1" } })
  })

  it("the resource's metadata is at its well-known place", async () => {
    const { path, handler } = protectedResourceMetadata({ resource: "https://example.com/api", scopes: ["a:b"] })
    await using server = await serve(express().use(path, handler))
    expect(path).toBe("/.well-known/oauth-protected-resource/api")
    const { status, body } = await server.ask(path)
    expect([status, JSON.parse(body)["scopes_supported"]]).toEqual([200, ["a:b"]])
    expect(await server.ask(path, { method: "DELETE" })).toMatchObject({ status: 405 })
  })
})

it("the endpoints need no framework", async () => {
  const tokens = await openTokens()
  const revoke = revocation({ tokens })
  await using server = await serve((req, res) => void revoke(req, res))
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  expect(await server.ask("/", form({ token: plaintext }))).toMatchObject({ status: 200 })
  expect(await tokens.verify(plaintext)).toMatchObject({ accepted: false, refusal: { _tag: "Revoked" } })
})
