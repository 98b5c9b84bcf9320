import { expect, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import { bearer, type BearerOptions, originOf } from "@tokenry/fastify"
import type { GuardTokens } from "@tokenry/http"
import fastify from "fastify"
import { openTokens, withToken } from "./tokens.ts"

const treasures = async (options: Partial<BearerOptions<"treasure:read" | "treasure:delete">> = {}) => {
  const tokens = await openTokens()
  let verifies = 0
  const counting: typeof tokens = { ...tokens, verify: (...all) => (verifies++, tokens.verify(...all)) }
  const guard = bearer({ realm: "treasures", ...options, tokens: counting })
  const issue = async () => (await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })).plaintext
  return { guard, issue, verifies: () => verifies }
}

it("a route's config and requireScopes require the same, and either verifies once", async () => {
  const { guard, issue, verifies } = await treasures()
  const app = fastify()
  await app.register(guard)
  app.get("/config", { config: { scopes: ["treasure:read"] } }, () => "config")
  app.get("/lacking", { config: { scopes: ["treasure:delete"] } }, () => "lacking")
  app.get("/option", guard.requireScopes("treasure:read"), () => "option")
  app.get("/forgotten", { ...guard.requireScopes("treasure:delete"), config: {} }, () => "forgotten")
  const token = withToken(await issue())
  const statuses = []
  for (const url of ["/config", "/lacking", "/option", "/forgotten"]) {
    statuses.push((await app.inject({ url, ...token })).statusCode)
  }
  expect(statuses).toEqual([200, 403, 200, 403])
  expect(verifies()).toBe(4)
})

it("a route that requires scopes is guarded even without the plugin", async () => {
  const { guard, issue } = await treasures()
  const app = fastify()
  app.get("/", guard.requireScopes("treasure:read"), () => "treasures")
  expect((await app.inject("/")).statusCode).toBe(401)
  expect((await app.inject({ url: "/", ...withToken(await issue()) })).statusCode).toBe(200)
})

it("the plugin guards its own context and those below, and no others", async () => {
  const { guard } = await treasures()
  const app = fastify()
  app.get("/health", () => "up")
  await app.register(async (api) => {
    await api.register(guard)
    api.get("/treasures", () => "treasures")
  })
  expect((await app.inject("/health")).statusCode).toBe(200)
  expect((await app.inject("/treasures")).statusCode).toBe(401)
  expect((await app.inject("/nowhere")).statusCode).toBe(404)
})

it("a route with scopes: false needs no token, and request.caller there explains what to do", async () => {
  const { guard } = await treasures()
  const app = fastify()
  await app.register(guard)
  app.get("/health", { config: { scopes: false } }, () => "up")
  app.get("/careless", { config: { scopes: false } }, (request) => request.caller)
  expect((await app.inject("/health")).statusCode).toBe(200)
  expect((await app.inject("/careless")).json()).toMatchObject({
    statusCode: 500,
    message: expect.stringContaining("register bearer(…) for this route"),
  })
})

it("a route registered before the plugin is guarded too, and its misspelt scope admits nobody", async () => {
  const { guard, issue } = await treasures()
  const app = fastify()
  app.get("/early", () => "early")
  app.get("/misspelt", { config: { scopes: ["treasure:reed"] } }, () => "misspelt")
  await app.register(guard)
  expect((await app.inject("/early")).statusCode).toBe(401)
  const misspelt = await app.inject({ url: "/misspelt", ...withToken(await issue()) })
  expect(misspelt.json()).toMatchObject({ statusCode: 500, message: expect.stringContaining("treasure:read") })
})

it.each([
  [
    "sends",
    (): NonNullable<BearerOptions["onDenied"]> =>
      (_request, reply, { reason }) =>
        reply.send({ code: reason }),
  ],
  [
    "returns",
    (): NonNullable<BearerOptions["onDenied"]> =>
      (_request, _reply, { reason }) => ({ code: reason }),
  ],
])("onDenied %s the body, and status and challenge are set", async (_how, onDenied) => {
  const { guard } = await treasures({ onDenied: onDenied() })
  const app = fastify()
  app.get("/", guard.requireScopes("treasure:read"), () => "")
  const { statusCode, headers, body } = await app.inject("/")
  expect([statusCode, body, headers["www-authenticate"]]).toEqual([
    401,
    '{"code":"missing"}',
    'Bearer realm="treasures", scope="treasure:read"',
  ])
  expect(headers["content-type"]).toContain("application/json")
})

it("an outage is 503 and logged; other errors go to the error handler, including those of onDenied", async () => {
  const lines: Array<string> = []
  const app = fastify({ logger: { level: "error", stream: { write: (line: string) => void lines.push(line) } } })
  const tokens = await openTokens()
  const guardWith = (verify: GuardTokens["verify"]) => bearer({ tokens: { ...tokens, verify }, realm: "treasures" })
  const away = guardWith(async () => {
    throw new RepositoryUnavailable({ operation: "findByDigest", cause: undefined })
  })
  const broken = guardWith(async () => {
    throw new Error("broken")
  })
  const onDenied = () => {
    throw new Error("denied")
  }
  app.setErrorHandler((error: Error) => ({ message: error.message }))
  app.get("/away", away.requireScopes("treasure:read"), () => "")
  app.get("/broken", broken.requireScopes("treasure:read"), () => "")
  app.get("/denied", bearer({ tokens, realm: "treasures", onDenied }).requireScopes("treasure:read"), () => "")
  const token = withToken("mF_9.B5f-4.1JqM")
  expect((await app.inject({ url: "/away", ...token })).statusCode).toBe(503)
  expect(lines.join("")).toContain("RepositoryUnavailable")
  expect((await app.inject({ url: "/broken", ...token })).json()).toEqual({ message: "broken" })
  const denied = await app.inject("/denied")
  expect(denied.json()).toEqual({ message: "denied" })
  expect(denied.headers["www-authenticate"]).toBe('Bearer realm="treasures", scope="treasure:read"')
})

it("originOf returns the address and user agent, also behind a trusted proxy", async () => {
  const app = fastify({ trustProxy: "127.0.0.1" })
  app.get("/", (request) => originOf(request))
  const asking = async (headers: Record<string, string>) => (await app.inject({ url: "/", headers })).json()
  expect(await asking({ "user-agent": "curl/8" })).toEqual({ address: "127.0.0.1", userAgent: "curl/8" })
  const forwarded = { "user-agent": "", "x-forwarded-for": "2001:db8::7" }
  expect(await asking(forwarded)).toEqual({ address: "2001:db8::7" })
  expect(await asking({ ...forwarded, "x-forwarded-for": "<script>" })).toEqual({})
})

it.each([
  [{ realm: undefined }, "bearer: realm is missing"],
  [{ tokens: undefined }, "bearer: tokens is missing"],
  [{ ondenied: () => undefined }, "bearer: there is no option ondenied; did you mean onDenied?"],
  [{ onDenied: "json" }, "bearer: onDenied is not valid; write onDenied: "],
  [{ problemBase: "/problems" }, "problemBase must be an absolute URL"],
])("%o is refused when the guard is made, with advice", async (wrong, message) => {
  const options = { tokens: await openTokens(), realm: "treasures", ...wrong }
  expect(() => bearer(options as never)).toThrow(message)
})
