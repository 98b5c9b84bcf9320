/**
 * Shows that no cast is needed, and that a misspelt scope doesn't compile: the compiler checks this file, and it runs.
 */
import { expect, expectTypeOf, it } from "@effect/vitest"
import type { Caller } from "@tokenry/core/promise"
import { bearer, callerOf } from "@tokenry/express"
import express, { type Request, type Response } from "express"
import { openTokens, serve, withToken } from "./tokens.ts"

it("req.caller is typed in a route of Express", async () => {
  const tokens = await openTokens()
  const guard = bearer({ tokens, realm: "treasures" })
  const app = express().use(guard)
  app.get("/", guard.requireScopes("treasure:read"), (req, res) => {
    expectTypeOf(req.caller).toEqualTypeOf<Caller | undefined>()
    expectTypeOf(callerOf(req)).toEqualTypeOf<Caller>()
    res.json({ owner: callerOf(req).ownedBy })
  })
  await using server = await serve(app)
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  expect(await server.ask("/", withToken(plaintext))).toMatchObject({ status: 200, body: '{"owner":"user-1"}' })
})

it("a misspelt scope doesn't compile, and throws when the app starts", async () => {
  const guard = bearer({ tokens: await openTokens(), realm: "treasures" })
  // @ts-expect-error: treasure:reed is not declared.
  expect(() => guard.requireScopes("treasure:reed")).toThrow(/treasure:reed.*treasure:read/)
  // @ts-expect-error: nor is it here.
  expectTypeOf(guard.admit).toBeCallableWith({} as Request, {} as Response, ["treasure:reed"])
  expect(() => guard.requireScopes()).toThrow("name at least one scope")
})

it("onDenied may take the request and the response of Express", async () => {
  const guard = bearer({
    tokens: await openTokens(),
    realm: "treasures",
    onDenied: (_req: Request, res: Response, { reason }) => void res.json({ error: { code: reason } }),
  })
  await using server = await serve(express().use(guard))
  const { status, headers, body } = await server.ask("/")
  expect([status, body]).toEqual([401, '{"error":{"code":"missing"}}'])
  expect(headers.get("WWW-Authenticate")).toBe('Bearer realm="treasures"')
})
