/**
 * Shows that no cast is needed, and that a misspelt scope doesn't compile: the compiler checks this file, and it runs.
 */
import { expect, expectTypeOf, it } from "@effect/vitest"
import type { Caller } from "@tokenry/core/promise"
import { bearer } from "@tokenry/hono"
import { Hono } from "hono"
import { openTokens, withToken } from "./tokens.ts"

it('c.get("caller") is typed, in a route and after app.use', async () => {
  const tokens = await openTokens()
  const guard = bearer({ tokens, realm: "treasures" })
  const app = new Hono()
    .get("/route/:id", guard.requireScopes("treasure:read"), (c) => {
      expectTypeOf(c.get("caller")).toEqualTypeOf<Caller<"treasure:read" | "treasure:delete">>()
      expectTypeOf(c.req.param("id")).toEqualTypeOf<string>()
      return c.text(c.get("caller").ownedBy)
    })
    .use(guard)
    .get("/after", (c) => c.text(c.var.caller.ownedBy))
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  for (const path of ["/route/7", "/after"]) {
    expect(await (await app.request(path, withToken(plaintext))).text()).toBe("user-1")
  }
})

it("a misspelt scope doesn't compile, and throws when the app starts", async () => {
  const guard = bearer({ tokens: await openTokens(), realm: "treasures" })
  // @ts-expect-error: treasure:reed is not declared.
  expect(() => guard.requireScopes("treasure:reed")).toThrow(/treasure:reed.*treasure:read/)
  expect(() => guard.requireScopes()).toThrow("name at least one scope")
})
