import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { Client } from "../Client.ts"
import { demoOn, stores, temporaryFolder } from "../demos.ts"
import { Browser } from "./Browser.ts"

describe.each(stores)("an admin's seat on %s", (_, location) => {
  let demo: Demo
  let admin: Browser
  let ownedBy: string

  beforeAll(async () => {
    demo = await demoOn(await location())
    admin = await Browser.signedIn(demo.publicUrl, "admin")
    ownedBy = (await demo.store.accounts.findByEmail("other@example.test"))?.id ?? ""
  })
  afterAll(() => demo.stop())

  const aToken = (owner: string, name = "theirs") => demo.tokens.issue({ ownedBy: owner, name, scopes: [] })

  it("is nobody else's", async () => {
    const owner = await Browser.signedIn(demo.publicUrl, "owner")
    const { token } = await aToken(ownedBy)
    expect((await owner.get("/settings/tokens")).html).not.toContain("/settings/accounts")
    const path = `/settings/accounts/${ownedBy}`
    for (const address of ["/settings/accounts", path, `${path}/revoke-all`, `${path}/${token.id}/revoke`]) {
      const page = await owner.get(address)
      expect([page.status, page.headers.get("Content-Type")]).toEqual([403, "text/html; charset=utf-8"])
    }
    expect((await owner.post(`${path}/revoke-all`, {})).status).toBe(403)
    expect((await owner.post(`${path}/${token.id}/revoke`, {})).status).toBe(403)
    expect((await demo.tokens.find({ id: token.id, ownedBy })).revokedAt).toBe(null)
    await new Browser(demo.publicUrl).get("/settings/accounts").then((page) => expect(page.title).toMatch(/^Sign in/))
  })

  it("shows accounts, and the tokens of each, without a plaintext, and revokes them", async () => {
    const { plaintext, token } = await aToken(ownedBy, "<b>theirs</b>")
    const accounts = await (await admin.get("/settings/tokens")).follow("Accounts")
    expect(accounts.text).toContain("deactivated@example.test deactivated")
    const page = await accounts.follow("other@example.test")
    expect(page.html).toContain("<bdi>&lt;b&gt;theirs&lt;/b&gt;</bdi>")
    expect(page.html).not.toContain(plaintext)
    const path = `/settings/accounts/${ownedBy}/${token.id}/revoke`
    const question = await page.follow("Revoke <b>theirs</b>")
    expect(admin.location).toBe(path)
    const after = await question.submit({}, path)
    expect(after.text).toContain("The token is revoked.")
    const { revocationReason, history } = await demo.tokens.find({ id: token.id, ownedBy })
    expect(revocationReason).toBe("revoked by an admin")
    const other = await Browser.signedIn(demo.publicUrl, "other")
    expect((await other.get(`/settings/tokens/${token.id}`)).text).toMatch(/Revoked , just now , by an admin/)
    expect(history.at(-1)).toMatchObject({ kind: "revoked", actor: { kind: "person" } })
  })

  it("revokes all of an account's tokens", async () => {
    const { plaintext } = await aToken(ownedBy)
    const page = await (await admin.get(`/settings/accounts/${ownedBy}`)).follow("Revoke all of these")
    const after = await page.submit({}, `/settings/accounts/${ownedBy}/revoke-all`)
    expect(after.text).toContain("All tokens are revoked.")
    const { status } = await new Client(demo.publicUrl).withToken(plaintext).get("/api/me")
    expect(status).toBe(401)
  })
})

it("tokens of an account that is gone are found by its id and revoked, on the pages and by the API", async () => {
  const filename = join(temporaryFolder(), "treasures.sqlite")
  const demo = await demoOn({ kind: "sqlite", filename })
  try {
    const gone = (await demo.store.accounts.findByEmail("other@example.test"))?.id ?? ""
    const { token } = await demo.tokens.issue({ ownedBy: gone, name: "left behind", scopes: [] })
    const database = new DatabaseSync(filename)
    database.prepare("DELETE FROM account WHERE id = ?").run(gone)
    database.close()
    const admin = await Browser.signedIn(demo.publicUrl, "admin")
    const page = await admin.get(`/settings/accounts?owner=${gone}`)
    expect(page.text).toContain(`A deleted account ( ${gone} )`)
    await (await page.follow("Revoke left behind")).submit({}, `/settings/accounts/${gone}/${token.id}/revoke`)
    expect((await demo.tokens.find({ id: token.id, ownedBy: gone })).revokedAt).not.toBe(null)
    expect((await admin.get("/settings/accounts?owner=nobody%2Fat%2Fall")).status).toBe(404)
    expect((await admin.get("/settings/accounts/%00")).status).toBe(400)

    const api = new Client(demo.publicUrl, { Cookie: admin.cookie, Origin: demo.publicUrl })
    const path = `/api/users/${gone}/tokens`
    const live = (await api.get(`${path}?state=live`)).body.items
    expect(live.map(({ name }: { name: string }) => name)).toEqual(["Spreadsheet"])
    expect((await api.delete(path)).status).toBe(204)
    expect((await api.get(`${path}?state=live`)).body.items).toEqual([])
    expect((await api.get(path)).body.items).toHaveLength(2)
    for (const nobody of ["nobody", "x".repeat(300), "%00"]) {
      expect((await api.get(`/api/users/${nobody}/tokens`)).status).toBe(404)
      expect((await api.delete(`/api/users/${nobody}/tokens`)).status).toBe(404)
    }
  } finally {
    await demo.stop()
  }
})
