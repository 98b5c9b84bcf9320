/** What happens to the addresses and forms of people who aren't signed in, or no longer are. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { fixturePassword } from "../../src/fixtures.ts"
import { Client } from "../Client.ts"
import { demoOn } from "../demos.ts"
import { Browser, type PageSeen } from "./Browser.ts"

let demo: Demo
let ownedBy: string

beforeAll(async () => {
  demo = await demoOn({ kind: "memory" })
  ownedBy = (await demo.store.accounts.findByEmail("owner@example.test"))?.id ?? ""
})
afterAll(() => demo.stop())

const token = "tcp_TJE2V3S5l8sUuhGcN5fA8yAp1YbQ0Xk7aZ3cD4eF5gH6iJ7kL"

describe("a token in an address", () => {
  it.each([
    `/settings/tokens/${token}`,
    `/settings/tokens/x${token}/rotate`,
    `/settings/tokens?live=${token}`,
    `/settings/tokens/${token.replace("tcp", "%74%63%70")}`,
    `/settings/accounts/${token}`,
    `/settings/accounts?owner=${token}`,
    `/login?next=/settings/tokens/${token}`,
    `/login?next=${encodeURIComponent(`/settings/tokens/${token}`)}`,
    `/${token}`,
    `/api/tokens/${token}`,
    `/problems/${token}`,
  ])("is in no response to GET %s", async (path) => {
    for (const browser of [new Browser(demo.publicUrl), await Browser.signedIn(demo.publicUrl, "admin")]) {
      browser.followsRedirects = false
      const page = await browser.get(path)
      expect(JSON.stringify([...page.headers])).not.toContain(token.slice(4))
      expect(page.html).not.toContain(token.slice(4))
    }
  })

  it("is in no redirect to the site's own name", async () => {
    const url = demo.publicUrl.replace("127.0.0.1", "localhost")
    const response = await fetch(`${url}/settings/tokens/${token}`, { redirect: "manual" })
    expect(response.headers.get("Location")).toBe(`${demo.publicUrl}/`)
  })
})

describe("a form that is sent when the session has ended", () => {
  const signOut = (browser: Browser) =>
    new Client(demo.publicUrl, { Cookie: browser.cookie, Origin: demo.publicUrl }).delete("/api/session")
  const signIn = (page: PageSeen, password = fixturePassword) =>
    page.submit({ email: "owner@example.test", password }, "/login")

  it("does nothing, leads to signing in, and stands there again as it was typed", async () => {
    const browser = await Browser.signedIn(demo.publicUrl, "owner")
    const form = await browser.get("/settings/tokens/new")
    await signOut(browser)
    const typed = {
      name: "“Nightly” <backup>",
      scopes: ["treasure:read", "treasure:delete"],
      expiry: "date",
      expiresOn: "2031-02-03",
    }
    const asked = await form.submit({ ...typed, password: "hunter2" }, "/settings/tokens/new")
    expect([asked.status, asked.title]).toEqual([403, "Sign in · Treasures"])
    expect(asked.text).toContain("You have been signed out, and nothing was changed.")
    expect(asked.html).not.toContain("hunter2")
    const wrong = await signIn(asked, "wrong")
    expect(wrong.status).toBe(422)
    const again = await signIn(wrong)
    expect(browser.location).toBe("/settings/tokens/new")
    expect(again.valueOf("name")).toBe(typed.name)
    expect(again.valueOf("expiresOn")).toBe(typed.expiresOn)
    for (const value of [...typed.scopes, "date"]) expect(again.html).toMatch(new RegExp(`value="${value}"\\s+checked`))
    const named = async () =>
      (await demo.tokens.list({ ownedBy, limit: 100 })).items.filter(({ name }) => name === typed.name).length
    expect(await named()).toBe(0)
    expect((await again.submit({}, "/settings/tokens/new")).status).toBe(200)
    expect(await named()).toBe(1)
    expect((await browser.get("/settings/tokens/new")).valueOf("name")).toBe("")
  })

  it("keeps a token's new name, and the choices of a rotation", async () => {
    const issued = await demo.tokens.issue({ ownedBy, name: "mine", scopes: ["treasure:read"] })
    const path = `/settings/tokens/${issued.token.id}`
    for (const [address, fields, kept] of [
      [path, { name: "better", do: "rename" }, 'value="better"'],
      [`${path}/rotate`, { graceFor: "1 hour", expiry: "7" }, '<option value="1 hour" selected'],
    ] as const) {
      const browser = await Browser.signedIn(demo.publicUrl, "owner")
      await browser.get(address)
      await signOut(browser)
      const again = await signIn(await browser.post(address, fields))
      expect(browser.location).toBe(address)
      expect(again.html.replace(/\s+/g, " ")).toContain(kept)
    }
    expect((await demo.tokens.find({ id: issued.token.id, ownedBy })).revision).toBe(1)
  })

  it("keeps no token that was typed into it, and nothing endless", async () => {
    for (const name of [token, "x".repeat(9000)]) {
      const page = await new Browser(demo.publicUrl).post("/settings/tokens/new", { name })
      expect(page.html).not.toContain(name.slice(4))
      expect(page.valueOf("draft")).toBeUndefined()
    }
  })
})

it("two pages that see different cookies don't redirect to each other for ever", async () => {
  const signedIn = await Browser.signedIn(demo.publicUrl, "owner")
  // As if another application had set a cookie of this name for /settings.
  const stranger = new Browser(demo.publicUrl)
  stranger.cookie = "tokenry_demo_session=somebody-else"
  stranger.followsRedirects = false
  const sent = await stranger.get("/settings/tokens")
  expect(sent.status).toBe(303)
  signedIn.followsRedirects = false
  const page = await signedIn.get(sent.headers.get("Location") ?? "")
  expect([page.status, page.title]).toEqual([200, "Sign in · Treasures"])
})

it("another application's cookie named session does no harm", async () => {
  const browser = await Browser.signedIn(demo.publicUrl, "owner")
  const client = new Client(demo.publicUrl, { Cookie: `session=somebody-else; ${browser.cookie}` })
  expect((await client.get("/api/me")).status).toBe(200)
  expect(browser.cookie).toMatch(/^tokenry_demo_session=/)
})

describe("a site that is opened under another name", () => {
  it("of the same machine leads to its own, so that signing in works", async () => {
    const url = demo.publicUrl.replace("127.0.0.1", "localhost")
    const open = (path: string) => fetch(url + path, { redirect: "manual" })
    for (const path of ["/", "/login?next=%2Fsettings%2Ftokens", "/settings/tokens?dead=x", "/settings/accounts"]) {
      const { status, headers } = await open(path)
      expect([status, headers.get("Location")]).toEqual([307, demo.publicUrl + path])
    }
    expect((await open("/api/me")).status).toBe(401)
  })

  it("says on a form's refusal where it is", async () => {
    const browser = new Browser(demo.publicUrl)
    browser.headers = { Origin: "http://treasures.example" }
    const page = await browser.post("/login", { email: "owner@example.test", password: fixturePassword })
    expect(page.status).toBe(403)
    expect(page.linkTo(demo.publicUrl)).toBe(`${demo.publicUrl}/settings/tokens`)
  })
})
