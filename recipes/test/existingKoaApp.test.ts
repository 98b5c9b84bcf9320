import { expect, it } from "vitest"
import { withTokens } from "../src/existingKoaApp.ts"
import { askWith, issue, openTokens, withToken } from "./askWith.ts"

it("a Koa app with sessions gets tokens, and its routes stay as they are", async () => {
  const tokens = await openTokens()
  const app = withTokens(
    {
      userOf: (ctx) => (ctx.cookies.get("session") === "s1" ? { id: "user-1" } : undefined),
      routes: (ctx) => {
        ctx.body = { user: ctx.state["user"].id }
      },
    },
    tokens,
  )
  const inSession = { Cookie: "session=s1" }
  const [created, nameless] = await askWith(
    app.callback(),
    ["/tokens?name=CI", { method: "POST", headers: inSession }],
    ["/tokens", { method: "POST", headers: inSession }],
  )
  expect(created?.status).toBe(201)
  expect(created?.headers.get("Cache-Control")).toBe("no-store")
  expect(nameless).toMatchObject({ status: 400, body: { errors: [{ pointer: "#/name" }] } })

  const plaintext = String(created?.body.plaintext)
  const editing = await issue(tokens, "treasure:edit")
  const answers = await askWith(
    app.callback(),
    ["/", { headers: inSession }],
    ["/", withToken(plaintext)],
    ["/", withToken(plaintext, { method: "PATCH" })],
    ["/tokens?name=CI", withToken(plaintext, { method: "POST", headers: inSession })],
    ["/tokens?name=CI", withToken(editing, { method: "POST", headers: inSession })],
    ["/", withToken("abc", { headers: inSession })],
    ["/"],
  )
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 403, 403, 401, 401])
  expect(answers.slice(0, 2).map(({ body }) => body)).toEqual([{ user: "user-1" }, { user: "user-1" }])
  for (const { headers } of answers) expect(headers.get("Vary")).toContain("Cookie")
})
