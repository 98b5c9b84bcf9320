import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { fixturePassword } from "../../src/fixtures.ts"
import { Client } from "../Client.ts"
import { demoOn, stores } from "../demos.ts"
import { Browser } from "./Browser.ts"

describe.each(stores)("signing in on %s", (_, location) => {
  let demo: Demo

  beforeAll(async () => {
    demo = await demoOn(await location())
  })
  afterAll(() => demo.stop())

  it("a person who is not signed in is sent to where one signs in, and then back to where they wanted to go", async () => {
    const browser = new Browser(demo.publicUrl)
    const page = await browser.get("/settings/tokens?dead=")
    expect(browser.location).toBe("/login?next=%2Fsettings%2Ftokens%3Fdead%3D")
    expect(page.title).toBe("Sign in · Treasures")
    const after = await page.submit({ email: "owner@example.test", password: fixturePassword }, "/login")
    expect(after.status).not.toBe(422)
    expect(browser.location).toBe("/settings/tokens?dead=")
    await browser.get("/login")
    expect(browser.location).toBe("/settings/tokens")
  })

  it("the first page leads to the tokens", async () => {
    const browser = new Browser(demo.publicUrl)
    await browser.get("/")
    expect(browser.location).toBe("/login?next=%2Fsettings%2Ftokens")
  })

  it("an unknown address, a wrong password and a deactivated account look alike", async () => {
    const attempt = (email: string, password: string) => new Browser(demo.publicUrl).post("/login", { email, password })
    const pages = [
      await attempt("nobody@example.test", "x"),
      await attempt("owner@example.test", "x"),
      await attempt("deactivated@example.test", fixturePassword),
      await attempt("owner@example.test", "x".repeat(5000)),
    ]
    for (const page of pages) {
      expect(page.status).toBe(422)
      expect(page.headers.getSetCookie()).toEqual([])
      expect(page.title).toBe("Error: Sign in · Treasures")
      expect(page.html.replace(/value="\w+@/, 'value="someone@')).toBe(pages[0]?.html.replace("nobody@", "someone@"))
    }
  })

  it("signing in gives a session id that nobody knew before, and the one before is over", async () => {
    const browser = new Browser(demo.publicUrl)
    browser.cookie = "tokenry_demo_session=planted-by-somebody-else"
    const credentials = { email: "owner@example.test", password: fixturePassword }
    await browser.post("/login", credentials)
    const first = browser.cookie
    expect(first).toMatch(/^tokenry_demo_session=[\w-]{43}$/)
    await browser.post("/login", credentials)
    expect(browser.cookie).not.toBe(first)
    const former = new Client(demo.publicUrl, { Cookie: first })
    expect((await former.get("/api/me")).status).toBe(401)
  })

  it("signing out ends the session itself", async () => {
    const browser = await Browser.signedIn(demo.publicUrl, "owner")
    const { cookie } = browser
    const page = await browser.post("/logout", {})
    expect(page.text).toContain("You are signed out.")
    expect(browser.cookie).toBe("")
    expect((await new Client(demo.publicUrl, { Cookie: cookie }).get("/api/me")).status).toBe(401)
  })

  it("a form from elsewhere is refused, and from another port of this host too", async () => {
    const signedIn = await Browser.signedIn(demo.publicUrl, "owner")
    for (const headers of [
      { Origin: "http://evil.example", "Sec-Fetch-Site": "cross-site" },
      { Origin: demo.publicUrl.replace(/\d+$/, "1"), "Sec-Fetch-Site": "same-site" },
      { Origin: "null" },
      { Origin: "" },
      { "Sec-Fetch-Site": "cross-site" },
    ]) {
      const browser = new Browser(demo.publicUrl)
      browser.cookie = signedIn.cookie
      browser.headers = headers
      for (const path of ["/login", "/logout", "/settings/tokens/new"]) {
        const page = await browser.post(path, { email: "other@example.test", password: fixturePassword })
        expect(page.status).toBe(403)
        expect(page.text).toContain("The request comes from another site")
      }
    }
    expect((await new Client(demo.publicUrl, { Cookie: signedIn.cookie }).get("/api/me")).status).toBe(200)
  })

  it("a page is kept by no cache, framed by nobody, and loads only its own", async () => {
    const { headers } = await new Browser(demo.publicUrl).get("/login")
    expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8")
    expect(headers.get("Cache-Control")).toBe("no-store")
    expect(headers.get("Content-Security-Policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
  })

  it("nothing is inline in a page, and all that it loads is there", async () => {
    const { html } = await new Browser(demo.publicUrl).get("/login")
    expect(html).not.toMatch(/<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=/)
    const addresses = [...html.matchAll(/(?:src|<link[^>]*href)="([^"]*)"/g)].map(([, address = ""]) => address)
    expect(addresses).toHaveLength(3)
    for (const address of addresses) {
      const { status, headers } = await new Client(demo.publicUrl).get(address)
      expect([status, headers.get("X-Content-Type-Options")]).toEqual([200, "nosniff"])
      const again = new Client(demo.publicUrl, {
        "If-None-Match": headers.get("ETag") ?? "",
        "Cache-Control": "max-age=0",
      })
      expect((await again.get(address)).status).toBe(304)
    }
    expect((await new Client(demo.publicUrl).get("/assets/..%2fassets.ts")).status).toBe(404)
  })
})

describe("after signing in", () => {
  let demo: Demo

  beforeAll(async () => {
    demo = await demoOn({ kind: "memory" })
  })
  afterAll(() => demo.stop())

  it.each([
    "//evil.example/settings/",
    "https://evil.example/settings/tokens",
    String.raw`\\evil.example/settings/`,
    "/settings/..//evil.example",
    "javascript:alert(1)//settings/",
    "http://[",
    "/api/me",
  ])("one is led nowhere but to pages of this site: not to %s", async (next) => {
    const browser = new Browser(demo.publicUrl)
    const page = await browser.get(`/login?next=${encodeURIComponent(next)}`)
    expect(page.valueOf("next")).toBe("/settings/tokens")
    const credentials = { email: "owner@example.test", password: fixturePassword }
    await browser.post("/login", { ...credentials, next })
    expect(browser.location).toBe("/settings/tokens")
  })
})

it("too many attempts to sign in are answered with a page", async () => {
  const demo = await demoOn({ kind: "memory" }, { rateLimit: 600 })
  try {
    const attempt = () => new Browser(demo.publicUrl).post("/login", { email: "owner@example.test", password: "x" })
    const pages = await Promise.all(Array.from({ length: 31 }, attempt))
    const refused = pages.find(({ status }) => status === 429)
    expect(pages.filter(({ status }) => status === 422)).toHaveLength(30)
    expect(refused?.headers.get("Retry-After")).toMatch(/^\d+$/)
    expect(refused?.text).toMatch(/There were too many requests.*Try again in \d+ seconds/)
  } finally {
    await demo.stop()
  }
})
