import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { Client, credentialsOf } from "./Client.ts"
import { allStores, demoOn } from "./demos.ts"

describe.each(allStores)("on %s", (_, location) => {
  let demo: Demo
  let owner: Client

  beforeAll(async () => {
    demo = await demoOn(await location())
    owner = await Client.signedIn(demo.publicUrl, "owner")
  })
  afterAll(() => demo.stop())

  it("a person issues a token, a program uses it, and is refused once it is narrowed and revoked", async () => {
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:edit", "treasure:create"] })
    const program = owner.withToken(plaintext)
    const { status, body: treasure } = await program.post("/api/treasures", { name: "Pearl", value: 5 })
    expect(status).toBe(201)
    const path = `/api/treasures/${treasure.id}`
    expect((await program.patch(path, { value: 6 })).body).toMatchObject({ name: "Pearl", value: 6 })

    const narrowed = await owner.patch(`/api/tokens/${token.id}`, { scopes: ["treasure:read"] })
    expect(narrowed).toMatchObject({ status: 200, body: { scopes: ["treasure:read"], revision: 2 } })
    const forbidden = await program.patch(path, { value: 7 })
    expect(forbidden).toMatchObject({ status: 403, body: { scopes: ["treasure:edit"] } })
    expect(forbidden.headers.get("WWW-Authenticate")).toBe(
      `Bearer realm="treasures", error="insufficient_scope", error_description="The token lacks a required scope", scope="treasure:edit", resource_metadata="${demo.publicUrl}/.well-known/oauth-protected-resource"`,
    )
    expect((await program.get("/api/treasures")).body.items[0]).toMatchObject({ name: "Pearl", value: 6 })

    expect((await owner.delete(`/api/tokens/${token.id}`)).status).toBe(204)
    const refused = await program.get("/api/treasures")
    expect(refused.status).toBe(401)
    expect(refused.headers.get("WWW-Authenticate")).toContain('error="invalid_token"')
    expect((await owner.delete(`/api/tokens/${token.id}`)).status).toBe(204)
  })

  it("who am I: by session and by token, with what is allowed now", async () => {
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:edit"] })
    expect((await owner.get("/api/me")).body).toMatchObject({ owner: { email: "owner@example.test" }, via: "session" })
    expect((await owner.withToken(plaintext).get("/api/me")).body).toMatchObject({
      owner: { email: "owner@example.test" },
      via: "token",
      scopes: ["treasure:edit", "treasure:read"],
      token: { id: token.id, generation: 1 },
    })
  })

  it("the token in full, with its history of who changed what from where", async () => {
    const { token } = await owner.withHeaders({ "User-Agent": "test/1 tcp_aaaaaaaaaa" }).issue({ expiresIn: "2 weeks" })
    const soon = Date.now() + 7 * 24 * 60 * 60 * 1000
    const anHourEast = new Date(soon + 60 * 60 * 1000).toISOString().replace("Z", "+01:00")
    await owner.patch(`/api/tokens/${token.id}`, { name: "renamed", expiresAt: anHourEast })
    const { body } = await owner.get(`/api/tokens/${token.id}`)
    const actor = { kind: "person", id: body.ownedBy }
    expect(body).toMatchObject({ name: "renamed", expiresAt: new Date(soon).toISOString(), revision: 3 })
    expect(body.history).toMatchObject([
      { kind: "issued", actor, origin: { address: "127.0.0.1", userAgent: "test/1 tcp_…" } },
      { kind: "renamed", actor, detail: "was test" },
      { kind: "shortened", actor },
    ])
    expect(body.secrets).toEqual([
      { generation: 1, hint: expect.stringMatching(/^tcp_….{4}$/), state: "active", graceEnds: null },
    ])
    expect(body.usage).toMatchObject({ count: 0, lastUsedAt: null, unusedScopes: ["treasure:read"] })
  })

  it("several changes in one request happen all or not at all", async () => {
    const { token } = await owner.issue()
    const answer = await owner.patch(`/api/tokens/${token.id}`, { name: "new name", expiresAt: null })
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: "#/expiresAt" }] } })
    expect((await owner.get(`/api/tokens/${token.id}`)).body).toMatchObject({ name: "test", revision: 1 })
  })

  it("lists come in pages, the newest first, each token once", async () => {
    const other = await Client.signedIn(demo.publicUrl, "other")
    for (let index = 0; index < 7; index++) await other.issue({ name: `token ${index}` })
    const names: Array<string> = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const { body } = await other.get(`/api/tokens?limit=3${cursor && `&cursor=${cursor}`}`)
      names.push(...body.items.map(({ name }: { name: string }) => name))
      cursor = body.nextCursor
    }
    expect(names).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `token ${index}`).concat("Spreadsheet"))
    expect((await other.get("/api/tokens?state=dead")).body.items).toEqual([])
  })

  it("treasures are one's own: somebody else's are as if there were none", async () => {
    const other = await Client.signedIn(demo.publicUrl, "other")
    const { body } = await other.get("/api/treasures")
    expect(body.items.map(({ name }: { name: string }) => name)).toEqual(["Ben Gunn's cheese"])
    const path = `/api/treasures/${body.items[0].id}`
    expect(await owner.patch(path, { value: 0 })).toMatchObject({ status: 404 })
    expect(await owner.delete(path)).toMatchObject({ status: 404 })
    expect(await other.delete(path)).toMatchObject({ status: 204 })
    expect(await other.delete(path)).toMatchObject({ status: 404 })
  })

  it("pages of treasures hold each one once", async () => {
    const first = await owner.get("/api/treasures?limit=2")
    const second = await owner.get(`/api/treasures?limit=100&cursor=${first.body.nextCursor}`)
    const all = await owner.get("/api/treasures?limit=100")
    expect([...first.body.items, ...second.body.items]).toEqual(all.body.items)
    expect(second.body.nextCursor).toBeNull()
  })

  it("a token in another owner's hands is one that does not exist", async () => {
    const { token } = await owner.issue()
    const other = await Client.signedIn(demo.publicUrl, "other")
    const path = `/api/tokens/${token.id}`
    for (const answer of [await other.get(path), await other.patch(path, { name: "mine" }), await other.delete(path)]) {
      expect(answer).toMatchObject({ status: 404, body: { type: `${demo.publicUrl}/problems/not-found` } })
    }
    expect((await owner.get(path)).body).toMatchObject({ name: "test", revokedAt: null })
  })

  it("an admin sees accounts and tokens, revokes them, and takes rights away at once", async () => {
    const admin = await Client.signedIn(demo.publicUrl, "admin")
    const other = await Client.signedIn(demo.publicUrl, "other")
    const { plaintext } = await other.issue({ scopes: ["treasure:read"] })
    const program = other.withToken(plaintext)
    const { body } = await admin.get("/api/users")
    const { id } = body.items.find(({ email }: { email: string }) => email === "other@example.test")
    expect(JSON.stringify(body)).not.toContain("scrypt")
    expect((await admin.get(`/api/users/${id}/tokens?limit=1`)).body.items[0]).toMatchObject({ ownedBy: id })

    expect((await admin.patch(`/api/users/${id}`, { scopes: ["treasure:create"] })).status).toBe(200)
    expect(await program.get("/api/treasures")).toMatchObject({ status: 403 })
    expect(await other.get("/api/treasures")).toMatchObject({ status: 403 })
    expect(await other.post("/api/tokens", { name: "x", scopes: ["treasure:edit"] })).toMatchObject({
      status: 403,
      body: { type: `${demo.publicUrl}/problems/scope-not-held`, scopes: ["treasure:edit"] },
    })
    await admin.patch(`/api/users/${id}`, { scopes: ["treasure:edit"] })
    expect(await program.get("/api/treasures")).toMatchObject({ status: 200 })

    await admin.patch(`/api/users/${id}`, { active: false })
    expect(await program.get("/api/treasures")).toMatchObject({ status: 401 })
    await admin.patch(`/api/users/${id}`, { active: true })
    expect(await program.get("/api/treasures")).toMatchObject({ status: 200 })
    expect(await other.get("/api/me")).toMatchObject({ status: 401 })

    expect((await admin.delete(`/api/users/${id}/tokens`)).status).toBe(204)
    expect(await program.get("/api/treasures")).toMatchObject({ status: 401 })
    expect((await admin.get(`/api/users/${id}/tokens?state=live`)).body.items).toEqual([])
  })

  it("only an admin's session may administer, and not against itself", async () => {
    const admin = await Client.signedIn(demo.publicUrl, "admin")
    const { body } = await admin.get("/api/me")
    expect(await owner.get("/api/users")).toMatchObject({ status: 403 })
    expect(await admin.withToken((await admin.issue()).plaintext).get("/api/users")).toMatchObject({
      status: 403,
      body: { type: `${demo.publicUrl}/problems/session-required` },
    })
    expect(await admin.patch(`/api/users/${body.owner.id}`, { active: false })).toMatchObject({ status: 409 })
    expect(await admin.patch("/api/users/nobody", { active: false })).toMatchObject({ status: 404 })
    expect(await admin.patch(`/api/users/${body.owner.id}`, { scopes: ["x"], role: 1 })).toMatchObject({ status: 400 })
    expect(await admin.patch(`/api/users/${body.owner.id}`, { scopes: ["treasure:reed"] })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "#/scopes/0", detail: "must be a declared scope; did you mean treasure:read?" }] },
    })
  })

  it("a deactivated account can't sign in, and gets the response to a wrong password", async () => {
    const client = new Client(demo.publicUrl)
    const wrong = await client.post("/api/session", { ...credentialsOf("owner"), password: "wrong" })
    for (const credentials of [credentialsOf("deactivated"), credentialsOf("nobody")]) {
      const { status, body } = await client.post("/api/session", credentials)
      expect({ status, body }).toEqual({ status: 401, body: wrong.body })
    }
    expect(wrong.headers.get("WWW-Authenticate")).toBe(
      `Bearer realm="treasures", resource_metadata="${demo.publicUrl}/.well-known/oauth-protected-resource"`,
    )
  })

  it("the process is alive and the store answers", async () => {
    const client = new Client(demo.publicUrl)
    expect(await client.get("/healthz")).toMatchObject({ status: 200, body: { status: "alive" } })
    expect(await client.get("/readyz")).toMatchObject({ status: 200, body: { status: "ready" } })
  })
})
