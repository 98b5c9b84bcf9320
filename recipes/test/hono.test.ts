import { expect, it, vi } from "vitest"
import { nodeListener } from "../../tools/bearer-conformance/nodeListener.ts"
import { honoApp } from "../src/hono.ts"
import { askWith, issue, openTokens, withToken } from "./askWith.ts"

it("a Hono app identifies its callers, and answers every error with problem details", async () => {
  const tokens = await openTokens()
  const token = await issue(tokens, "treasure:read")
  const app = honoApp(tokens)
  app.get("/lost", () => {
    throw new Error("lost")
  })
  const print = vi.spyOn(console, "error").mockReturnValue()
  const [read, none, twice, lacking, nowhere, lost] = await askWith(
    nodeListener(async (request) => app.fetch(request)),
    ["/treasures", withToken(token)],
    ["/treasures"],
    [
      "/treasures",
      {
        headers: [
          ["Authorization", `Bearer ${token}`],
          ["Authorization", `Bearer ${token}`],
        ],
      },
    ],
    ["/treasures/7", withToken(token, { method: "DELETE" })],
    ["/nowhere"],
    ["/lost"],
  )
  expect(read).toMatchObject({ status: 200, body: { owner: "user-1", treasures: ["Ruby"] } })
  expect(read?.headers.get("Vary")).toBe("Authorization")
  expect(none?.headers.get("WWW-Authenticate")).toBe('Bearer realm="treasures", scope="treasure:read"')
  expect(twice?.status).toBe(400)
  expect(lacking).toMatchObject({ status: 403, body: { scopes: ["treasure:delete"] } })
  expect(lost).toMatchObject({ status: 500, body: { instance: expect.stringMatching(/^urn:uuid:/) } })
  expect(JSON.stringify(lost)).not.toContain("lost")
  expect(print).toHaveBeenCalledWith(expect.objectContaining({ message: "lost" }))
  expect(nowhere).toMatchObject({ status: 404, body: { type: "https://api.example.com/problems/not-found" } })
})
