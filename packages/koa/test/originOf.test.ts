import { expect, it } from "@effect/vitest"
import Koa from "koa"
import { originOf } from "@tokenry/koa"
import { listen, openTokens, request } from "./server.ts"

it.each<[what: string, headers: ReadonlyArray<string>, origin: object]>([
  [
    "an address and a user agent",
    ["X-Forwarded-For: 192.0.2.1", "User-Agent: curl/8"],
    { address: "192.0.2.1", userAgent: "curl/8" },
  ],
  ["an IPv6 address", ["X-Forwarded-For: 2001:db8::1"], { address: "2001:db8::1" }],
  ["text for an address", [`X-Forwarded-For: ${"x".repeat(2000)}`, "User-Agent: a"], { userAgent: "a" }],
  ["a zone of an address", ["X-Forwarded-For: fe80::1%eth0"], {}],
  ["an empty user agent", ["X-Forwarded-For: 192.0.2.1", "User-Agent: "], { address: "192.0.2.1" }],
  [
    "a very long user agent, in Latin-1",
    ["X-Forwarded-For: 192.0.2.1", `User-Agent: ${"\xe9".repeat(3000)}`],
    { address: "192.0.2.1", userAgent: "\xe9".repeat(200) },
  ],
  [
    "a tab in the user agent",
    ["X-Forwarded-For: 192.0.2.1", "User-Agent: a\tb"],
    { address: "192.0.2.1", userAgent: "a\tb" },
  ],
])("a token's history accepts what originOf returns for %s", async (_what, headers, expected) => {
  const tokens = await openTokens()
  const { token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  const own = { id: token.id, ownedBy: "user-1" }
  const app = new Koa({ proxy: true }).use(async (ctx) => {
    const by = { actor: { kind: "person", id: "user-1" }, origin: originOf(ctx) } as const
    await tokens.revoke({ ...own, by })
    ctx.body = originOf(ctx)
  })
  await using server = await listen(app)
  expect(JSON.parse((await request(server.port, { headers })).body)).toEqual(expected)
  const { history } = await tokens.find(own)
  expect(history.at(-1)).toMatchObject({ kind: "revoked", actor: { kind: "person", id: "user-1" }, origin: expected })
})

it("originOf lets the core mask a token that a client put into its user agent", async () => {
  const tokens = await openTokens()
  const { plaintext, token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  const own = { id: token.id, ownedBy: "user-1" }
  const app = new Koa().use(async (ctx) => {
    await tokens.revoke({ ...own, by: { actor: { kind: "person", id: "user-1" }, origin: originOf(ctx) } })
    ctx.body = "revoked"
  })
  await using server = await listen(app)
  expect((await request(server.port, { headers: [`User-Agent: x ${plaintext}`] })).body).toBe("revoked")
  expect(JSON.stringify(await tokens.find(own))).not.toContain(plaintext)
})
