import { RepositoryUnavailable } from "@tokenry/core"
import type { PromiseApiTokens } from "@tokenry/core/promise"
import { type Consumption, RateLimits } from "@tokenry/http"
import { expect, it } from "vitest"
import type { TreasureScope } from "../src/catalogue.ts"
import { existingKoaApp } from "../src/existingKoaApp.ts"
import { askWith, issue, openTokens, withToken } from "./askWith.ts"

const consumption = (allowed: boolean): Consumption => ({
  _tag: "Consumed",
  allowed,
  remaining: 0,
  resetSeconds: 30,
  limit: 10,
  windowSeconds: 60,
})

/** Limits that user-2 has exceeded. */
const limits = RateLimits.make({
  perOwner: { consume: async (key) => consumption(key !== "owner:user-2") },
  onError: () => undefined,
})

const appWith = (tokens: PromiseApiTokens<TreasureScope>) => {
  const app = existingKoaApp({
    tokens,
    limits,
    userOf: (ctx) => (ctx.cookies.get("session") === "s1" ? { id: "user-1" } : undefined),
  })
  app.on("error", () => undefined)
  return app.callback()
}

const session = { Cookie: "session=s1" }
const posting = (body: string): RequestInit => ({
  method: "POST",
  body,
  headers: { ...session, "Content-Type": "application/json" },
})

it("sessions keep working, and a token reaches the same routes", async () => {
  const tokens = await openTokens()
  const [created] = await askWith(appWith(tokens), ["/tokens", posting('{"name":"CI","scopes":["treasure:read"]}')])
  expect([created?.status, created?.headers.get("Cache-Control")]).toEqual([201, "no-store"])
  const plaintext = String(created?.body.plaintext)
  const [bySession, byToken] = await askWith(
    appWith(tokens),
    ["/treasures", { headers: session }],
    ["/treasures", withToken(plaintext)],
  )
  for (const answer of [bySession, byToken]) {
    expect(answer).toMatchObject({ status: 200, body: { owner: "user-1" } })
    expect(answer?.headers.get("Vary")).toContain("Cookie")
  }
})

it("every error has the app's own body format", async () => {
  const tokens = await openTokens()
  const plaintext = await issue(tokens, "treasure:read")
  const { plaintext: limited } = await tokens.issue({ ownedBy: "user-2", name: "CI", scopes: ["treasure:read"] })
  const { token: dead } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  await tokens.revoke({ id: dead.id, ownedBy: "user-1" })
  const unknown = "01a22358-7335-7929-a667-a10163ee6623"

  const cases: ReadonlyArray<readonly [number, string, string, RequestInit?]> = [
    [401, "missing", "/treasures"],
    [401, "refused", "/treasures", withToken("abc", { headers: session })],
    [400, "malformed", "/treasures", { headers: { Authorization: "Bearer" } }],
    [400, "InvalidInput", "/tokens", posting("{}")],
    [400, "400", "/tokens", posting('{"name":')],
    [403, "insufficient-scope", "/treasures/7", withToken(plaintext, { method: "DELETE" })],
    [403, "403", "/tokens", withToken(plaintext, posting('{"name":"CI","scopes":[]}'))],
    [404, "404", "/nowhere", { headers: session }],
    [404, "TokenNotFound", `/tokens/${unknown}/rotate`, posting("{}")],
    [409, "TokenNotLive", `/tokens/${dead.id}/rotate`, posting("{}")],
    [422, "PolicyViolation", "/tokens", posting('{"name":"CI","scopes":["treasure:reed"]}')],
    [429, "rate-limited", "/treasures", withToken(limited)],
  ]
  const answers = await askWith(appWith(tokens), ...cases.map(([, , path, init]) => [path, init] as const))
  expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual(
    cases.map(([status, code]) => [status, code]),
  )
  for (const { body, headers } of answers) expectEnvelope(body, headers)
  expect(answers[0]?.headers.get("WWW-Authenticate")).toBe('Bearer realm="treasures"')
  expect(answers.at(-1)?.headers.get("Retry-After")).toBe("30")
})

it("so do an unavailable store and a failure of the app itself", async () => {
  const tokens = await openTokens()
  const away = async () => {
    throw new RepositoryUnavailable({ operation: "insert", cause: new Error("secret host") })
  }
  const broken = async () => {
    throw new Error("secret host")
  }
  const plaintext = await issue(tokens, "treasure:read")
  const body = posting('{"name":"CI","scopes":[]}')
  const [byToken] = await askWith(appWith({ ...tokens, verify: away }), ["/treasures", withToken(plaintext)])
  const [inSession] = await askWith(appWith({ ...tokens, issue: away }), ["/tokens", body])
  const [failed] = await askWith(appWith({ ...tokens, issue: broken }), ["/tokens", body])
  expect([byToken?.status, inSession?.status, failed?.status]).toEqual([503, 503, 500])
  expect([byToken, inSession].map((answer) => answer?.headers.get("Retry-After"))).toEqual(["5", "5"])
  for (const answer of [byToken, inSession, failed]) {
    expectEnvelope(answer?.body, answer?.headers)
    expect(JSON.stringify(answer?.body)).not.toContain("secret host")
  }
})

const expectEnvelope = (body: unknown, headers: Headers | undefined): void => {
  expect(body).toEqual({ error: { code: expect.any(String), message: expect.stringMatching(/./) } })
  expect(headers?.get("Content-Type")).toBe("application/json; charset=utf-8")
}
