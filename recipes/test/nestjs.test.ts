import { expect, it } from "vitest"
import { nestApp } from "../src/nestjs.ts"
import { askWith, issue, openTokens, withToken } from "./askWith.ts"

it("a NestJS app identifies its callers, and answers denials and the core's errors in Nest's own format", async () => {
  const tokens = await openTokens()
  const [reading, creating] = [await issue(tokens, "treasure:read"), await issue(tokens, "treasure:create")]
  const app = await nestApp(tokens)
  const json = (body: string) => ({ method: "POST", body, headers: { "Content-Type": "application/json" } })
  const [read, none, malformed, lacking, issued, greedy, nowhere] = await askWith(
    app.getHttpAdapter().getInstance(),
    ["/treasures", withToken(reading)],
    ["/treasures"],
    ["/treasures", { headers: { Authorization: "Bearer" } }],
    ["/treasures/jobs", withToken(reading, json("{}"))],
    ["/treasures/jobs", withToken(creating, json('{"name":"job","scopes":["treasure:create"]}'))],
    ["/treasures/jobs", withToken(creating, json('{"name":"job","scopes":["treasure:read"]}'))],
    ["/nowhere"],
  )
  expect(read).toMatchObject({ status: 200, body: { owner: "user-1", treasures: ["Ruby"] } })
  expect(none).toMatchObject({ status: 401, body: { statusCode: 401, message: "Credentials are required" } })
  expect(none?.headers.get("WWW-Authenticate")).toBe('Bearer realm="treasures", scope="treasure:read"')
  expect(malformed).toMatchObject({ status: 400, body: { statusCode: 400 } })
  expect(lacking).toMatchObject({ status: 403, body: { statusCode: 403 } })
  expect(lacking?.headers.get("WWW-Authenticate")).toContain('scope="treasure:create"')
  expect(issued).toMatchObject({ status: 201, body: { name: "job", scopes: ["treasure:create"] } })
  expect(greedy).toMatchObject({
    status: 403,
    body: { statusCode: 403, message: expect.stringContaining("treasure:read") },
  })
  expect(nowhere).toMatchObject({ status: 404, body: { statusCode: 404 } })
  await app.close()
})
