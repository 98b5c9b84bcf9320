import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { scopeCatalogue } from "../../src/scopes.ts"
import { fixturePassword } from "../../src/fixtures.ts"
import { Client } from "../Client.ts"
import { demoOn, stores } from "../demos.ts"
import { Browser, type PageSeen } from "./Browser.ts"
import { signedInLongAgo } from "./signedInLongAgo.ts"

const plaintextIn = (page: PageSeen) => /id="plaintext"[^>]* value="(tcp_\w+)"/.exec(page.html)?.[1] ?? ""

describe.each(stores)("a token's page on %s", (_, location) => {
  let demo: Demo
  let browser: Browser
  let ownedBy: string

  beforeAll(async () => {
    demo = await demoOn(await location())
    browser = await Browser.signedIn(demo.publicUrl, "owner")
    ownedBy = (await demo.store.accounts.findByEmail("owner@example.test"))?.id ?? ""
  })
  afterAll(() => demo.stop())

  const aToken = async (fields: { name?: string; scopes?: ReadonlyArray<string>; expiresIn?: string } = {}) => {
    const { scopes = ["treasure:read"], ...rest } = fields
    const request = { ownedBy, name: "mine", scopes: scopeCatalogue.requested(scopes), ...rest }
    const { plaintext, token } = await demo.tokens.issue(request)
    return { plaintext, id: token.id, path: `/settings/tokens/${token.id}` }
  }
  const find = (id: string) => demo.tokens.find({ id, ownedBy })
  const program = (plaintext: string) => new Client(demo.publicUrl).withToken(plaintext)
  const works = async (plaintext: string) => (await program(plaintext).get("/api/me")).status === 200

  it("renames it, and says so", async () => {
    const { id, path } = await aToken()
    const page = await (await browser.get(path)).submit({ name: "<i>other</i>" }, path, "Rename")
    expect(browser.location).toBe(path)
    expect(page.text).toContain("The token has a new name.")
    expect((await browser.get(path)).text).not.toContain("The token has a new name.")
    expect(page.html).toContain("<bdi>&lt;i&gt;other&lt;/i&gt;</bdi>")
    expect((await find(id)).name).toBe("<i>other</i>")
  })

  it("says what has been done, and nothing that has not", async () => {
    const { id, path } = await aToken({ name: "same", scopes: ["treasure:edit", "treasure:read"] })
    const page = await browser.get(path)
    const unchanged = "Nothing was changed. The token already had these values."
    const submissions = [
      [{ name: "same" }, path, "Rename"],
      [{}, path, "Remove the others"],
    ] as const
    for (const [fields, action, button] of submissions) {
      expect((await page.submit(fields, action, button)).text).toContain(unchanged)
    }
    expect((await find(id)).revision).toBe(1)
    expect((await browser.post(path, { do: "end-grace" })).text).toContain(unchanged)
    const revoke = await browser.get(`${path}/revoke`)
    expect((await revoke.submit({}, `${path}/revoke`)).text).toContain("The token is revoked.")
    expect((await revoke.submit({}, `${path}/revoke`)).text).toContain("The token was already revoked.")
    for (const done of ["revoked", "renamed", "all-revoked", "<b>nonsense"]) {
      const planted = await browser.get(`${path}?done=${encodeURIComponent(done)}`)
      expect(planted.html).not.toMatch(/class="notice"|nonsense/)
    }
  })

  it("tells what has been done on the page that it is about, and on no other", async () => {
    const [one, other] = [await aToken(), await aToken()]
    browser.followsRedirects = false
    await (await browser.get(one.path)).submit({ name: "renamed" }, one.path, "Rename")
    browser.followsRedirects = true
    expect((await browser.get(other.path)).text).not.toContain("The token has a new name.")
    expect((await browser.get(one.path)).text).toContain("The token has a new name.")
  })

  it("offers only an earlier expiry that can succeed", async () => {
    const offered = async (expiresIn: string) => {
      const { path } = await aToken({ expiresIn })
      const { html } = await browser.get(path)
      return [...html.matchAll(/name="expiry"\s+value="(\w+)"/g)].map(([, value]) => value)
    }
    expect(await offered("20 days")).toEqual(["7", "date"])
    expect(await offered("5 days")).toEqual(["date"])
    expect(await offered("100 days")).toEqual(["7", "30", "90", "date"])
  })

  it("keeps what was typed when a rule forbids it", async () => {
    const { id, path } = await aToken()
    const page = await (await browser.get(path)).submit({ name: "x".repeat(101) }, path, "Rename")
    expect([page.status, page.valueOf("name")]).toEqual([422, "x".repeat(101)])
    expect(page.text).toContain("The name must have at most 100 characters.")
    expect((await find(id)).name).toBe("mine")
  })

  it("takes scopes away, and gives none", async () => {
    const { id, path } = await aToken({ scopes: ["treasure:edit", "treasure:delete"] })
    const take = "Remove the others"
    await (await browser.get(path)).submit({ scopes: ["treasure:read"] }, path, take)
    expect((await find(id)).scopes).toEqual(["treasure:read"])
    const page = await (await browser.get(path)).submit({ scopes: ["treasure:delete"] }, path, take)
    expect(page.status).toBe(422)
    expect((await find(id)).scopes).toEqual(["treasure:read"])
  })

  it("shows what was never needed, and narrows to what was with one click", async () => {
    const { id, path, plaintext } = await aToken({ scopes: ["treasure:edit", "treasure:delete"] })
    expect((await browser.get(path)).html).not.toContain("Narrow to")
    await program(plaintext).get("/api/treasures")
    const page = await browser.get(path)
    expect(page.text).toContain("It has never needed treasure:edit, treasure:delete .")
    await page.submit({}, path, "Narrow to treasure:read")
    expect((await find(id)).scopes).toEqual(["treasure:read"])
  })

  it("lets it expire sooner, and not later", async () => {
    const { id, path } = await aToken({ expiresIn: "20 days" })
    const page = await (await browser.get(path)).submit({ expiry: "30" }, path, "Shorten")
    expect(page.status).toBe(422)
    expect(page.text).toContain("The expiry must not be later")
    await page.submit({ expiry: "7" }, path, "Shorten")
    expect((await find(id)).expiresAt?.getTime()).toBeLessThan(Date.now() + 8 * 86_400_000)
  })

  it("makes a new secret, says until when the old one works and whether it is used, and ends it", async () => {
    const { path, plaintext: old } = await aToken()
    const form = await (await browser.get(path)).follow("New secret")
    const page = await form.submit({ graceFor: "1 hour" }, `${path}/rotate`)
    const plaintext = plaintextIn(page)
    expect([page.status, page.headers.get("Cache-Control")]).toEqual([200, "no-store"])
    expect(page.text).toMatch(/The previous secret stays valid until \d+ \w+ \d{4}/)
    expect([await works(old), await works(plaintext)]).toEqual([true, true])
    const after = await browser.get(path)
    expect(after.text).toMatch(
      /The replaced secret is still accepted, until \d+ \w+ \d{4}, \d\d:\d\d UTC \. Last use: just now \./,
    )
    await after.submit({}, path, "End it now")
    expect([await works(old), await works(plaintext)]).toEqual([false, true])
    expect((await browser.get(path)).html).not.toContain("End it now")
  })

  it("a rotation that is sent again rotates nothing", async () => {
    const { id, path } = await aToken()
    const form = await browser.get(`${path}/rotate`)
    const first = await form.submit({}, `${path}/rotate`)
    const again = await form.submit({}, `${path}/rotate`)
    expect([first.status, again.status]).toEqual([200, 409])
    expect(again.html).not.toContain(plaintextIn(first))
    expect((await find(id)).secrets).toHaveLength(2)
  })

  it("an hour after signing in, asks for the password before it makes a new secret, and for nothing else", async () => {
    const { id, path } = await aToken()
    const late = await Browser.signedIn(demo.publicUrl, "owner")
    await signedInLongAgo(demo, late.cookie)
    const renamed = await (await late.get(path)).submit({ name: "late" }, path, "Rename")
    expect(renamed.status).toBe(200)
    const form = await late.get(`${path}/rotate`)
    expect(form.text).toContain("You signed in more than an hour ago.")
    const refused = await form.submit({ password: "wrong" }, `${path}/rotate`)
    expect(refused.status).toBe(422)
    expect((await find(id)).secrets).toHaveLength(1)
    const page = await refused.submit({ password: fixturePassword }, `${path}/rotate`)
    expect(plaintextIn(page)).toMatch(/^tcp_/)
  })

  it("renews it with a rotation, at once without grace", async () => {
    const { id, path, plaintext: old } = await aToken({ expiresIn: "1 day" })
    const form = await browser.get(`${path}/rotate`)
    const refused = await form.submit({ graceFor: "1 year" }, `${path}/rotate`)
    expect(refused.status).toBe(422)
    const page = await refused.submit({ graceFor: "0 minutes", expiry: "90" }, `${path}/rotate`)
    expect(page.text).toContain("The previous secret no longer works.")
    expect([await works(old), await works(plaintextIn(page))]).toEqual([false, true])
    expect((await find(id)).expiresAt?.getTime()).toBeGreaterThan(Date.now() + 89 * 86_400_000)
  })

  it("shows its lineage as links, and before revoking what ends with it", async () => {
    const { id, path, plaintext } = await aToken({ name: "parent", scopes: ["token:manage"] })
    const minted = await program(plaintext).issue({ name: "<u>child</u>", scopes: ["token:manage"] })
    await program(minted.plaintext).issue({ name: "grandchild", scopes: [] })
    const page = await browser.get(path)
    expect(page.linkTo("<u>child</u>")).toBe(`/settings/tokens/${minted.token.id}`)
    const child = await page.follow("<u>child</u>")
    expect(child.linkTo("parent")).toBe(path)
    expect(child.text).toContain("with a token")
    const confirmation = await page.follow("Revoke")
    expect(confirmation.text).toMatch(/Revoke parent \? .*Tokens minted with it are revoked too: grandchild <u>child/)
    expect((await find(id)).revokedAt).toBe(null)
    const after = await confirmation.submit({}, `${path}/revoke`)
    expect(after.text).toContain("The token is revoked.")
    expect(await works(minted.plaintext)).toBe(false)
    expect(after.html).not.toContain(">Rename<")
    expect((await browser.get(`${path}/rotate`)).text).toContain("This token is revoked or expired")
    const late = await browser.post(path, { do: "rename", name: "late" })
    expect(late.status).toBe(409)
    expect(late.headers.get("Content-Type")).toBe("text/html; charset=utf-8")
  })

  it("tells its history with who, when and from where, and hostile user agents as text", async () => {
    browser.headers = { "User-Agent": "<script>alert(1)</script>" }
    const { path } = await aToken()
    await (await browser.get(path)).submit({ name: "second" }, path, "Rename")
    browser.headers = {}
    const { text, html } = await browser.get(path)
    expect(text.slice(text.indexOf(" History "))).toMatch(
      /Renamed , just now , by you, from 127.0.0.1: was mine <script>alert\(1\)/,
    )
    expect(html).not.toContain("<script>alert")
    expect(text).toMatch(/Issued , just now , by the service/)
  })

  it("somebody else's token isn't found, and neither is something that isn't an id", async () => {
    const { id } = await aToken()
    const other = await Browser.signedIn(demo.publicUrl, "other")
    for (const token of [id, "nonsense", "x".repeat(5000), "%00"]) {
      for (const rest of ["", "/rotate", "/revoke"]) {
        expect((await other.get(`/settings/tokens/${token}${rest}`)).status).toBe(404)
      }
      expect((await other.post(`/settings/tokens/${token}`, { do: "rename", name: "x" })).status).toBe(404)
      expect((await other.post(`/settings/tokens/${token}/revoke`, {})).status).toBe(404)
    }
    expect(await find(id)).toMatchObject({ name: "mine", revokedAt: null })
    expect((await browser.post(`/settings/tokens/${id}`, { do: "constructor" })).status).toBe(400)
  })

  it("revokes all, after a question, and the person stays signed in", async () => {
    const { plaintext } = await aToken()
    const page = await (await browser.get("/settings/tokens")).follow("Revoke all")
    expect(await works(plaintext)).toBe(true)
    const after = await page.submit({}, "/settings/tokens/revoke-all")
    expect(after.text).toContain("All tokens are revoked.")
    expect(await works(plaintext)).toBe(false)
    const again = await page.submit({}, "/settings/tokens/revoke-all")
    expect(again.text).toContain("There was no token left to revoke.")
  })
})
