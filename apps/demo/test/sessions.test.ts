import { afterAll, beforeAll, expect, it } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { Client, cookieOf, credentialsOf } from "./Client.ts"
import { demoOn } from "./demos.ts"
import { freePort } from "../../../tools/freePort.ts"

let demo: Demo
let owner: Client

beforeAll(async () => {
  demo = await demoOn({ kind: "memory" })
  owner = await Client.signedIn(demo.publicUrl, "owner")
})
afterAll(() => demo.stop())

it("what changes something by session needs the exact origin", async () => {
  const { token } = await owner.issue()
  const origins = [
    "http://evil.example",
    "null",
    demo.publicUrl.replace(/\d+$/, "1"),
    demo.publicUrl.replace("127.0.0.1", "localhost"),
    `${demo.publicUrl}.evil.example`,
    demo.publicUrl.replace("http:", "https:"),
  ]
  for (const headers of [{ Cookie: owner.cookie }, ...origins.map((Origin) => ({ Cookie: owner.cookie, Origin }))]) {
    const client = new Client(demo.publicUrl, headers)
    for (const answer of [
      await client.delete(`/api/tokens/${token.id}`),
      await client.post("/api/tokens", { name: "x", scopes: [] }),
      await client.post("/api/treasures", { name: "x", value: 1 }),
      await client.delete("/api/session"),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { type: `${demo.publicUrl}/problems/cross-site-request` } })
    }
    expect(await client.get("/api/me")).toMatchObject({ status: 200 })
  }
  expect((await owner.get(`/api/tokens/${token.id}`)).body).toMatchObject({ revokedAt: null })
})

it("another site's page can't sign a browser in", async () => {
  const client = new Client(demo.publicUrl, { Origin: "http://evil.example" })
  expect(await client.post("/api/session", credentialsOf("owner"))).toMatchObject({ status: 403 })
})

it("signing out ends the session itself, not only the browser's cookie", async () => {
  const client = await Client.signedIn(demo.publicUrl, "owner")
  const answer = await client.delete("/api/session")
  expect(answer.status).toBe(204)
  expect(answer.headers.getSetCookie()[0]).toMatch(/^tokenry_demo_session=;.*expires=Thu, 01 Jan 1970/i)
  expect(await client.get("/api/me")).toMatchObject({ status: 401 })
  expect(await client.delete("/api/session")).toMatchObject({ status: 204 })
})

it("signing in gives a new session id, and the old one is over", async () => {
  const planted = new Client(demo.publicUrl, { Cookie: "tokenry_demo_session=planted-by-somebody-else" })
  const first = cookieOf((await planted.post("/api/session", credentialsOf("owner"))).headers)
  expect(first).toMatch(/^tokenry_demo_session=[\w-]{43}$/)
  const client = new Client(demo.publicUrl, { Cookie: first, Origin: demo.publicUrl })
  const second = cookieOf((await client.post("/api/session", credentialsOf("owner"))).headers)
  expect(second).not.toBe(first)
  expect(await client.get("/api/me")).toMatchObject({ status: 401 })
  expect(await planted.get("/api/me")).toMatchObject({ status: 401 })
})

it("behind a proxy that speaks https the cookie is secure, and pinned to the host", async () => {
  const publicUrl = "https://treasures.example.com"
  const port = await freePort()
  const secure = await demoOn({ kind: "memory" }, { port, publicUrl })
  try {
    const client = new Client(`http://127.0.0.1:${port}`, { Origin: publicUrl })
    const { status, headers } = await client.post("/api/session", credentialsOf("owner"))
    expect(status).toBe(204)
    expect(headers.get("Cache-Control")).toBe("no-store")
    expect(headers.getSetCookie()[0]).toMatch(
      /^__Host-tokenry_demo_session=[\w-]{43}; path=\/; expires=.*; samesite=lax; secure; httponly$/i,
    )
    expect(await client.withHeaders({ Cookie: cookieOf(headers) }).get("/api/me")).toMatchObject({ status: 200 })
  } finally {
    await secure.stop()
  }
})

it("the address is the host's own name, so that a browser there has the right origin", async () => {
  const local = await demoOn({ kind: "memory" }, { host: "localhost" })
  expect(local.publicUrl).toMatch(/^http:\/\/localhost:\d+$/)
  await local.stop()
})

it("signing out only concerns the cookie, and isn't cached", async () => {
  const client = await Client.signedIn(demo.publicUrl, "owner")
  const answer = await client.withHeaders({ Authorization: "Bearer x" }).delete("/api/session")
  expect(answer.status).toBe(204)
  expect(answer.headers.get("Cache-Control")).toBe("no-store")
  expect(await client.get("/api/me")).toMatchObject({ status: 401 })
})

it("the cookie is out of reach of scripts and other sites", async () => {
  const { headers } = await new Client(demo.publicUrl).post("/api/session", credentialsOf("owner"))
  expect(headers.getSetCookie()[0]).toMatch(
    /^tokenry_demo_session=[\w-]{43}; path=\/; expires=.*; samesite=lax; httponly$/i,
  )
})

it("an Authorization header, good or bad, never falls back to the cookie", async () => {
  for (const [authorization, status] of [
    ["Bearer tcp_wrong", 401],
    ["Basic b3duZXI6eA==", 401],
    ["Bearer", 400],
    ["", 400],
  ] as const) {
    expect(await owner.withHeaders({ Authorization: authorization }).get("/api/me")).toMatchObject({ status })
  }
})

it("no answer that depends on a session or a token may be kept by a cache", async () => {
  const { plaintext } = await owner.issue()
  for (const client of [owner, owner.withToken(plaintext), owner.withToken("tcp_wrong"), new Client(demo.publicUrl)]) {
    const { headers } = await client.get("/api/treasures")
    expect(headers.get("Cache-Control")).toBe("no-store")
    expect(headers.get("Vary")).toBe("Cookie, Authorization, DPoP")
  }
})
