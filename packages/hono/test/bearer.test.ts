import { expect, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import { bearer, originOf } from "@tokenry/hono"
import { type GuardTokens, RateLimits } from "@tokenry/http"
import { Hono } from "hono"
import { openTokens, withToken } from "./tokens.ts"

it("a route that requires scopes authenticates by itself, and verifies only once behind the guard", async () => {
  const tokens = await openTokens()
  let verifies = 0
  const counting: typeof tokens = { ...tokens, verify: (...all) => (verifies++, tokens.verify(...all)) }
  const guard = bearer({ tokens: counting, realm: "treasures" })
  const app = new Hono()
  app.get("/alone", guard.requireScopes("treasure:read"), (c) => c.text("alone"))
  app.get("/behind", guard, guard.requireScopes("treasure:read"), (c) => c.text("behind"))
  app.get("/lacking", guard, guard.requireScopes("treasure:delete"), (c) => c.text("lacking"))
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  expect((await app.request("/alone")).status).toBe(401)
  expect((await app.request("/alone", withToken(plaintext))).status).toBe(200)
  expect(verifies).toBe(1)
  expect((await app.request("/behind", withToken(plaintext))).status).toBe(200)
  expect(verifies).toBe(2)
  const lacking = await app.request("/lacking", withToken(plaintext))
  expect(lacking.status).toBe(403)
  expect(lacking.headers.get("WWW-Authenticate")).toContain('scope="treasure:delete"')
})

it("every response varies on Authorization: a Response of its own, an error, a redirect of fetch", async () => {
  const tokens = await openTokens()
  const guard = bearer({ tokens, realm: "treasures", from: { header: "X-API-Key" } })
  const app = new Hono().use(guard)
  app.get("/own", () => new Response("own", { headers: { Vary: "Accept, authorization" } }))
  app.get("/error", () => {
    throw new Error("lost")
  })
  app.get("/immutable", () => Response.redirect("https://example.com/"))
  app.onError((_error, c) => c.text("error", 500))
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  const varies = async (path: string) => (await app.request(path, withToken(plaintext))).headers.get("Vary")
  expect(await varies("/own")).toBe("Accept, authorization, X-API-Key")
  expect(await varies("/error")).toBe("Authorization, X-API-Key")
  expect(await varies("/immutable")).toBe("Authorization, X-API-Key")
  expect(await varies("/nowhere")).toBe("Authorization, X-API-Key")
})

it.each([
  ["made with c", (c: { json: (body: object) => Response }) => c.json({ code: "missing" })],
  ["made without c", () => Response.json({ code: "missing" }, { status: 200, headers: { Vary: "Accept" } })],
])("onDenied renders the body, %s, and status and challenge are set", async (_how, onDenied) => {
  const guard = bearer({ tokens: await openTokens(), realm: "treasures", onDenied })
  const response = await new Hono().get("/", guard, (c) => c.text("")).request("/")
  expect([response.status, await response.json()]).toEqual([401, { code: "missing" }])
  expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="treasures"')
  expect(response.headers.get("Content-Type")).toBe("application/json")
  expect(response.headers.get("Vary")).toContain("Authorization")
})

it("an outage is 503 and reported; other errors go to app.onError, including those of onDenied", async () => {
  const tokens = await openTokens()
  const reported: Array<unknown> = []
  const onError = (error: unknown) => void reported.push(error)
  const guardWith = (verify: GuardTokens["verify"]) =>
    bearer({ tokens: { ...tokens, verify }, realm: "treasures", onError })
  const away = guardWith(async () => {
    throw new RepositoryUnavailable({ operation: "findByDigest", cause: undefined })
  })
  const broken = guardWith(async () => {
    throw new Error("broken")
  })
  const onDenied = () => {
    throw new Error("denied")
  }
  const app = new Hono().onError((error, c) => c.text(error.message))
  app
    .get("/away", away)
    .get("/broken", broken)
    .get("/denied", bearer({ tokens, realm: "treasures", onDenied }))
  const token = withToken("mF_9.B5f-4.1JqM")
  expect((await app.request("/away", token)).status).toBe(503)
  expect(reported).toEqual([expect.objectContaining({ _tag: "RepositoryUnavailable" })])
  expect(await (await app.request("/broken", token)).text()).toBe("broken")
  const denied = await app.request("/denied")
  expect(await denied.text()).toBe("denied")
  expect(denied.headers.get("WWW-Authenticate")).toBe('Bearer realm="treasures"')
})

it("originOf returns the address and user agent", async () => {
  const app = new Hono()
  app.get("/:address", (c) => c.json(originOf(c, c.req.param("address"))))
  const asking = async (path: string) => (await app.request(path, { headers: { "User-Agent": "curl/8" } })).json()
  expect(await asking("/192.0.2.1")).toEqual({ address: "192.0.2.1", userAgent: "curl/8" })
  expect(await asking("/2001:db8::7")).toEqual({ address: "2001:db8::7", userAgent: "curl/8" })
  expect(await asking("/256.0.0.1")).toEqual({ userAgent: "curl/8" })
})

it.each([
  [{ realm: undefined }, "bearer: realm is missing"],
  [{ tokens: undefined }, "bearer: tokens is missing"],
  [{ ondenied: () => undefined }, "bearer: there is no option ondenied; did you mean onDenied?"],
  [{ onDenied: "json" }, "bearer: onDenied is not valid; write onDenied: "],
  [{ onError: true }, "bearer: onError is not valid; write onError: "],
  [{ addressOf: "ip" }, "bearer: addressOf is not valid; write addressOf: "],
  [{ problemBase: "/problems" }, "problemBase must be an absolute URL"],
])("%o is refused when the guard is made, with advice", async (wrong, message) => {
  const options = { tokens: await openTokens(), realm: "treasures", ...wrong }
  expect(() => bearer(options as never)).toThrow(message)
})

it("a limit on failed attempts without the address is refused, because it would limit nothing", async () => {
  const failedPerAddress = { consume: async () => ({ _tag: "Unavailable", cause: undefined }) as const }
  const limits = RateLimits.make({ failedPerAddress, onError: () => undefined })
  const tokens = await openTokens()
  expect(() => bearer({ tokens, realm: "treasures", limits })).toThrow("needs addressOf")
})
