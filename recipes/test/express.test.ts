import { expect, it } from "vitest"
import { expressApp } from "../src/express.ts"
import { askWith, issue, openTokens, withToken } from "./askWith.ts"

it("an Express app identifies its callers, and answers every error with problem details", async () => {
  const tokens = await openTokens()
  const token = await issue(tokens, "treasure:read")
  const creating = await issue(tokens, "treasure:create")
  const json = (body: string) => ({ method: "POST", body, headers: { "Content-Type": "application/json" } })
  const [read, head, none, lacking, created, unreadable, nowhere] = await askWith(
    expressApp(tokens),
    ["/treasures", withToken(token)],
    ["/treasures", { method: "HEAD" }],
    ["/treasures"],
    ["/treasures", withToken(token, json("{}"))],
    ["/treasures", withToken(creating, json('{"name":"Ruby"}'))],
    ["/treasures", withToken(creating, json('{"secret":'))],
    ["/nowhere"],
  )
  expect(read).toMatchObject({ status: 200, body: { owner: "user-1", treasures: ["Ruby"] } })
  expect(read?.headers.get("Vary")).toBe("Authorization")
  expect([head?.status, head?.headers.get("Content-Length")]).toEqual([401, none?.headers.get("Content-Length")])
  expect(none?.headers.get("WWW-Authenticate")).toBe('Bearer realm="treasures", scope="treasure:read"')
  expect(lacking).toMatchObject({ status: 403, body: { scopes: ["treasure:create"] } })
  expect(created).toMatchObject({ status: 201, body: { name: "Ruby" } })
  expect(unreadable).toMatchObject({ status: 400, body: { type: "https://api.example.com/problems/unreadable-body" } })
  expect(JSON.stringify(unreadable)).not.toContain("secret")
  expect(nowhere).toMatchObject({ status: 404, body: { type: "https://api.example.com/problems/not-found" } })
})
