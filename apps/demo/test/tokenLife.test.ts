import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { Client } from "./Client.ts"
import { allStores, demoOn } from "./demos.ts"

describe.each(allStores)("on %s", (_, location) => {
  let demo: Demo
  let owner: Client

  beforeAll(async () => {
    demo = await demoOn(await location())
    owner = await Client.signedIn(demo.publicUrl, "owner")
  })
  afterAll(() => demo.stop())

  const worksWith = async (plaintext: string) => (await owner.withToken(plaintext).get("/api/treasures")).status === 200

  it("a rotation gives a new secret, the old one works on, and ending the grace period ends it", async () => {
    const { plaintext: old, token } = await owner.issue()
    const path = `/api/tokens/${token.id}`
    const { status, headers, body } = await owner.post(`${path}/rotate`, { graceFor: "1 hour", expiresIn: "200 days" })
    expect(status).toBe(200)
    expect(headers.get("Cache-Control")).toBe("no-store")
    expect(body.token).toMatchObject({ id: token.id, secrets: [{ state: "active" }, { state: "retiring" }] })
    expect(Date.parse(body.token.expiresAt) - Date.now()).toBeGreaterThan(199 * 24 * 60 * 60 * 1000)
    expect([await worksWith(old), await worksWith(body.plaintext)]).toEqual([true, true])
    const ended = await owner.post(`${path}/end-grace`, {})
    expect(ended).toMatchObject({ status: 200, body: { secrets: [{ state: "active" }, { state: "retired" }] } })
    expect([await worksWith(old), await worksWith(body.plaintext)]).toEqual([false, true])
  })

  it("a rotation needs no body, and says what is wrong with one", async () => {
    const { token } = await owner.issue()
    const rotate = (body?: string) => owner.send("POST", `/api/tokens/${token.id}/rotate`, body)
    expect((await rotate()).status).toBe(200)
    expect(await rotate('{"graceFor":"soon","unknown":1}')).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/unknown" }, { pointer: "#/graceFor" }] },
    })
    expect(await rotate('{"graceFor":"31 days"}')).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "#/graceFor" }] },
    })
    expect((await owner.send("POST", `/api/tokens/${token.id}/end-grace`, '{"now":true}')).status).toBe(400)
    await owner.delete(`/api/tokens/${token.id}`)
    expect(await rotate()).toMatchObject({ status: 409, body: { detail: "The token is revoked" } })
  })

  it("a token with token:manage mints, sees and changes what it minted, and nothing else", async () => {
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:edit", "token:manage"], expiresIn: "30 days" })
    const { token: sibling } = await owner.issue()
    const program = owner.withToken(plaintext)
    const { token: minted } = await program.issue({ scopes: ["treasure:read"] })
    expect(minted).toMatchObject({ ancestors: [token.id] })
    expect((await program.get("/api/tokens")).body.items.map(({ id }: { id: string }) => id)).toEqual([
      minted.id,
      token.id,
    ])
    expect((await program.get(`/api/tokens/${minted.id}`)).body.history[0]).toMatchObject({
      kind: "issued",
      actor: { kind: "token", id: token.id },
      origin: { address: "127.0.0.1" },
    })
    expect((await program.patch(`/api/tokens/${minted.id}`, { name: "renamed" })).status).toBe(200)
    expect((await program.get(`/api/tokens/${sibling.id}`)).status).toBe(404)
    expect((await program.post(`/api/tokens/${sibling.id}/rotate`, {})).status).toBe(404)
    expect((await program.delete(`/api/tokens/${sibling.id}`)).status).toBe(404)
    expect((await program.delete(`/api/tokens/${minted.id}`)).status).toBe(204)
  })

  it("no token gives more than it has: neither scope nor time, nor its own renewal", async () => {
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:read", "token:manage"], expiresIn: "30 days" })
    const program = owner.withToken(plaintext)
    const request = { name: "more", scopes: ["treasure:read"] }
    expect(await program.post("/api/tokens", { ...request, scopes: ["treasure:delete"] })).toMatchObject({
      status: 403,
      body: { type: `${demo.publicUrl}/problems/scope-not-held`, scopes: ["treasure:delete"] },
    })
    expect(await program.post("/api/tokens", { ...request, expiresIn: "31 days" })).toMatchObject({
      status: 403,
      body: { type: `${demo.publicUrl}/problems/expiry-not-held`, errors: [{ pointer: "#/expiresIn" }] },
    })
    expect((await program.post(`/api/tokens/${token.id}/rotate`, { expiresAt: null })).status).toBe(403)
    expect((await program.patch(`/api/tokens/${token.id}`, { scopes: ["treasure:edit"] })).status).toBe(403)
  })

  it("without token:manage a token manages nothing, and learns what it would need", async () => {
    const { plaintext, token } = await owner.issue()
    const program = owner.withToken(plaintext)
    for (const answer of [
      await program.get("/api/tokens"),
      await program.post("/api/tokens", {}),
      await program.post(`/api/tokens/${token.id}/rotate`, {}),
    ]) {
      expect(answer.status).toBe(403)
      expect(answer.headers.get("WWW-Authenticate")).toContain('scope="token:manage"')
    }
  })

  it("a token that rotated itself manages with its new secret only, and may repeat the rotation with the old one", async () => {
    const { plaintext: old, token } = await owner.issue({ scopes: ["token:manage"] })
    const path = `/api/tokens/${token.id}`
    const rotated = await owner.withToken(old).post(`${path}/rotate`, {})
    expect(rotated.status).toBe(200)
    expect(await owner.withToken(old).get("/api/tokens")).toMatchObject({
      status: 403,
      body: { type: `${demo.publicUrl}/problems/secret-not-active` },
    })
    expect((await owner.withToken(old).post(`${path}/rotate`, {})).status).toBe(200)
  })

  it("when an ancestor is narrowed or revoked, what it minted follows on the next request", async () => {
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:edit", "token:manage"] })
    const child = await owner.withToken(plaintext).issue({ scopes: ["treasure:edit", "token:manage"] })
    const grandchild = await owner.withToken(child.plaintext).issue({ scopes: ["treasure:edit"] })
    const last = owner.withToken(grandchild.plaintext)
    expect((await last.get("/api/treasures")).status).toBe(200)
    await owner.patch(`/api/tokens/${token.id}`, { scopes: ["treasure:read"] })
    expect((await last.get("/api/treasures")).status).toBe(200)
    expect((await last.patch("/api/treasures/x", { value: 1 })).status).toBe(403)
    await owner.delete(`/api/tokens/${token.id}`)
    expect((await last.get("/api/treasures")).status).toBe(401)
  })

  it("the list and the token tell when it was last used, and what it could do without", async () => {
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:edit", "treasure:delete"] })
    expect((await owner.get(`/api/tokens/${token.id}`)).body.lastUsedAt).toBe(null)
    const before = Date.now()
    await worksWith(plaintext)
    const after = Date.now()
    const { body } = await owner.get(`/api/tokens/${token.id}`)
    expect(Date.parse(body.lastUsedAt)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(body.lastUsedAt)).toBeLessThanOrEqual(after)
    expect(body.usage).toMatchObject({
      count: 1,
      unusedScopes: ["treasure:edit", "treasure:delete"],
      narrowableTo: ["treasure:read"],
    })
    const { items } = (await owner.get("/api/tokens")).body
    expect(items.find(({ id }: { id: string }) => id === token.id).lastUsedAt).toBe(body.lastUsedAt)
  })
})
