import { join } from "node:path"
import { expect, it } from "vitest"
import { Client } from "../Client.ts"
import { demoOn, temporaryFolder } from "../demos.ts"
import { lockFile } from "../lockFile.ts"
import { Browser } from "./Browser.ts"

it("errors of pages are pages to browsers, and problem details to programs", async () => {
  const demo = await demoOn({ kind: "memory" })
  try {
    const browser = await Browser.signedIn(demo.publicUrl, "owner").catch(() => new Browser(demo.publicUrl))
    const missing = await browser.get("/settings/nothing")
    expect([missing.status, missing.headers.get("Content-Type")]).toEqual([404, "text/html; charset=utf-8"])
    expect(missing.headers.get("Cache-Control")).toBe("no-store")
    browser.headers = { Accept: "application/json" }
    const problem = await browser.get("/settings/nothing")
    expect([problem.status, problem.headers.get("Content-Type")]).toEqual([404, "application/problem+json"])
    browser.headers = {}
    expect((await browser.get("/api/nothing")).headers.get("Content-Type")).toBe("application/problem+json")
    browser.headers = { "Content-Type": "text/plain" }
    expect((await browser.post("/login", {})).status).toBe(415)
    browser.headers = {}
    expect((await browser.post("/login", { email: "x".repeat(200_000) })).status).toBe(413)
    browser.headers = { Authorization: "Bearer x" }
    expect((await browser.get("/settings/tokens")).status).toBe(403)
  } finally {
    await demo.stop()
  }
})

it("an outage is a page, says that the change may have happened, and nothing of what failed", async () => {
  const filename = join(temporaryFolder(), "treasures.sqlite")
  const demo = await demoOn({ kind: "sqlite", filename })
  try {
    const browser = await Browser.signedIn(demo.publicUrl, "owner")
    const form = await browser.get("/settings/tokens/new")
    const release = await lockFile(filename, "IMMEDIATE")
    const page = await form.submit({ name: "outage", expiry: "7" }, "/settings/tokens/new")
    await release()
    expect([page.status, page.headers.get("Content-Type")]).toEqual([503, "text/html; charset=utf-8"])
    expect(page.headers.get("Retry-After")).toBe("5")
    expect(page.text).toContain(
      "Your change may have been saved anyway, so check before you try again. Try again in 5 seconds.",
    )
    expect(page.text).not.toMatch(/sqlite|idempotency|lock|Error/i)
  } finally {
    await demo.stop()
  }
})

it("a session's limit is explained on a page", async () => {
  const demo = await demoOn({ kind: "memory" }, { rateLimit: 5 })
  try {
    const browser = await Browser.signedIn(demo.publicUrl, "owner")
    const pages = await Promise.all([1, 2, 3, 4, 5, 6].map(() => browser.get("/settings/tokens/new")))
    const [refused] = pages.toSorted((left, right) => right.status - left.status)
    expect([refused?.status, refused?.headers.get("Content-Type")]).toEqual([429, "text/html; charset=utf-8"])
    const api = new Client(demo.publicUrl, { Cookie: browser.cookie })
    expect((await api.get("/api/me")).headers.get("Content-Type")).toBe("application/problem+json")
  } finally {
    await demo.stop()
  }
})
