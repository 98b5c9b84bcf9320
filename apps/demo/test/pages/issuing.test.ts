import { TokenPolicy } from "@tokenry/core"
import * as Duration from "effect/Duration"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { expiryChoice, possibleLifetimes, readExpiry } from "../../src/pages/tokens/expiryChoice.ts"
import { fixturePassword } from "../../src/fixtures.ts"
import { Client } from "../Client.ts"
import { demoOn, stores } from "../demos.ts"
import { Browser, type PageSeen } from "./Browser.ts"
import { signedInLongAgo } from "./signedInLongAgo.ts"

const path = "/settings/tokens/new"
const plaintextIn = (page: PageSeen) => /id="plaintext"[^>]* value="(tcp_\w+)"/.exec(page.html)?.[1] ?? ""

describe.each(stores)("issuing a token on %s", (_, location) => {
  let demo: Demo
  let browser: Browser
  let ownedBy: string

  beforeAll(async () => {
    demo = await demoOn(await location())
    browser = await Browser.signedIn(demo.publicUrl, "owner")
    ownedBy = (await demo.store.accounts.findByEmail("owner@example.test"))?.id ?? ""
  })
  afterAll(() => demo.stop())

  const issue = async (fields: Record<string, string | ReadonlyArray<string>>) =>
    (await browser.get(path)).submit({ name: "mine", ...fields }, path)
  const liveTokens = async () => (await demo.tokens.list({ ownedBy, state: "live", limit: 100 })).items

  it("shows a plaintext that works, once, in an answer that no cache keeps", async () => {
    const page = await issue({ name: "<b>once</b>", scopes: ["treasure:edit"], expiry: "7" })
    expect([page.status, browser.location]).toEqual([200, path])
    expect(page.headers.get("Cache-Control")).toBe("no-store")
    const plaintext = plaintextIn(page)
    expect((await new Client(demo.publicUrl).withToken(plaintext).get("/api/treasures")).status).toBe(200)
    expect(page.text).toContain(`curl -H 'Authorization: Bearer ${plaintext}' ${demo.publicUrl}/api/treasures`)
    expect(page.text).toContain("Copy it now. You won't be able to see it again")
    const [token] = await liveTokens()
    expect(token).toMatchObject({ name: "<b>once</b>", scopes: ["treasure:edit"] })
    expect(token?.history[0]).toMatchObject({
      actor: { kind: "person", id: ownedBy },
      origin: { address: "127.0.0.1" },
    })
    const days = ((token?.expiresAt?.getTime() ?? 0) - Date.now()) / 86_400_000
    expect([Math.round(days * 10) / 10, page.html.includes("<bdi>&lt;b&gt;once")]).toEqual([7, true])
    expect((await browser.get("/settings/tokens")).html).not.toContain(plaintext)
  })

  it("a form that is sent again shows no plaintext and issues nothing, and leads to the token", async () => {
    const form = await browser.get(path)
    const first = await form.submit({ name: "reloaded", expiry: "7" }, path)
    const [token] = await liveTokens()
    const again = await form.submit({ name: "reloaded", expiry: "7" }, path)
    expect(again.status).toBe(409)
    expect(again.html).not.toContain(plaintextIn(first))
    expect(again.linkTo("Go to the token's page")).toBe(`/settings/tokens/${token?.id}`)
    expect((await liveTokens()).filter(({ name }) => name === "reloaded")).toHaveLength(1)
  })

  it("of a form that is sent twice at once, one issues", async () => {
    const form = await browser.get(path)
    const pages = await Promise.all([1, 2, 3].map(() => form.submit({ name: "double click", expiry: "7" }, path)))
    expect(pages.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 409, 409])
    expect((await liveTokens()).filter(({ name }) => name === "double click")).toHaveLength(1)
  })

  it("keeps what was typed, and says beside each field what is wrong with it", async () => {
    const page = await issue({ name: " ", scopes: ["treasure:read"], expiry: "date", expiresOn: "2027-02-30" })
    expect([page.status, page.title]).toEqual([422, "Error: New token · Treasures"])
    expect(page.text).toContain("2 fields need correcting")
    expect(page.html).toContain('<p class="error" id="name-error">The name must not be empty.</p>')
    expect(page.html).toContain('aria-invalid="true" aria-describedby="name-hint name-error"')
    expect(page.html).toMatch(/id="expiry-error">The date must be a day of the calendar/)
    expect([page.valueOf("name"), page.valueOf("expiresOn")]).toEqual([" ", "2027-02-30"])
    const corrected = await page.submit({ name: "corrected", expiresOn: "2099-02-28" }, path)
    expect(plaintextIn(corrected)).toMatch(/^tcp_/)
    expect((await liveTokens())[0]).toMatchObject({
      scopes: ["treasure:read"],
      expiresAt: new Date("2099-02-28T23:59:59Z"),
    })
  })

  it("what the rules forbid is said the same way, and the form can be sent again", async () => {
    const page = await issue({ scopes: ["treasure:reed"], expiry: "date", expiresOn: "2001-01-01" })
    expect(page.status).toBe(422)
    expect(page.text).toContain("Each scope must be a declared scope; did you mean treasure:read?")
    expect(page.text).toContain("The expiry must be in the future.")
    expect((await page.submit({ scopes: [], expiry: "never" }, path)).status).toBe(200)
    expect((await liveTokens())[0]).toMatchObject({ scopes: [], expiresAt: null })
  })

  it("a date ends where the person is, which their browser says", async () => {
    for (const [timeZone, instant] of [
      ["Pacific/Auckland", "2030-07-01T11:59:59Z"],
      ["America/New_York", "2030-07-02T03:59:59Z"],
      ["", "2030-07-01T23:59:59Z"],
    ] as const) {
      await issue({ expiry: "date", expiresOn: "2030-07-01", timeZone })
      expect((await liveTokens())[0]?.expiresAt).toEqual(new Date(instant))
    }
  })

  it("a date whose night has two midnights, or none, ends with the second before the next day", async () => {
    for (const [timeZone, expiresOn, instant] of [
      // Clocks go back from 0:00 to 23:00 on the same day, from 1:00 to 0:00 on the next, and forward from 0:00 to 1:00.
      ["America/Asuncion", "2019-03-23", "2019-03-24T03:59:59Z"],
      ["America/Havana", "2030-11-02", "2030-11-03T03:59:59Z"],
      ["America/Santiago", "2030-09-07", "2030-09-08T03:59:59Z"],
    ] as const) {
      expect(readExpiry(new URLSearchParams({ expiry: "date", expiresOn, timeZone }))).toEqual({
        expiresAt: new Date(instant),
      })
    }
  })

  it("a date in a time zone that the server doesn't know is refused, and kept", async () => {
    const page = await issue({ expiry: "date", expiresOn: "2030-07-01", timeZone: "Nowhere/At_All" })
    expect([page.status, page.valueOf("expiresOn")]).toEqual([422, "2030-07-01"])
    expect(page.text).toContain("Your browser is in a time zone that this site doesn't know.")
  })

  it("a scope the account doesn't have is shown as unavailable, and refused when requested", async () => {
    const form = await browser.get(path)
    expect(form.html).toMatch(/value="token:introspect"\s+disabled\s+aria-describedby="scope-5-why"/)
    const page = await form.submit({ name: "more", expiry: "7", scopes: ["token:introspect"] }, path)
    expect(page.status).toBe(422)
    expect(page.text).toContain("Your account doesn't have token:introspect, so a token can't get it.")
  })

  it("says everything that is wrong at once, the password too", async () => {
    const late = await Browser.signedIn(demo.publicUrl, "owner")
    await signedInLongAgo(demo, late.cookie)
    const fields = {
      name: " ",
      scopes: ["token:introspect"],
      expiry: "date",
      expiresOn: "2001-01-01",
      password: "wrong",
    }
    const page = await (await late.get(path)).submit(fields, path)
    expect(page.text).toContain("4 fields need correcting")
    for (const sentence of [
      "The name must not be empty.",
      "The expiry must be in the future.",
      "Your account doesn't have token:introspect, so a token can't get it.",
      "The password is wrong.",
    ]) {
      expect(page.text).toContain(sentence)
    }
    // A correct password only has to be typed once, and the scope can no longer be ticked.
    const right = await page.submit({ password: fixturePassword }, path)
    expect(right.text).toContain("2 fields need correcting")
    expect(right.html).not.toContain('id="password"')
  })

  it.each([
    ["10,000 characters", "x".repeat(10_000), "The name must have at most 100 characters."],
    ["10,000 emoji", "🏴‍☠️".repeat(2500), "The name must have at most 100 characters."],
    ["a line break", "two\nlines", "The name must not contain control characters or line breaks."],
  ])("a name of %s is refused with a sentence", async (_, name, sentence) => {
    const page = await issue({ name, expiry: "7" })
    expect(page.status).toBe(422)
    expect(page.text).toContain(sentence)
  })

  it("missing, odd or surplus fields never cause a server error", async () => {
    for (const fields of [{}, { name: "x" }, { formId: "x", name: "x", expiry: "7" }, { expiry: ["7", "never"] }]) {
      expect((await browser.post(path, fields)).status).toBeGreaterThanOrEqual(400)
      expect((await browser.post(path, fields)).status).toBeLessThan(500)
    }
    expect((await issue({ scopes: Array.from({ length: 2000 }, () => "x"), expiry: "7" })).status).toBe(422)
  })

  it("an hour after signing in, the password is asked for again, and a right one counts as signing in", async () => {
    const late = await Browser.signedIn(demo.publicUrl, "owner")
    const early = await late.get(path)
    expect(early.valueOf("password")).toBeUndefined()
    const { cookie } = late
    await signedInLongAgo(demo, cookie)
    const asked = await early.submit({ name: "late", expiry: "7" }, path)
    expect(asked.status).toBe(422)
    expect(asked.text).toContain("Enter your password, since you signed in more than an hour ago.")
    expect(asked.valueOf("name")).toBe("late")
    const wrong = await asked.submit({ password: "wrong" }, path)
    expect(wrong.text).toContain("The password is wrong.")
    expect(wrong.html).not.toContain('value="wrong"')
    const right = await wrong.submit({ password: fixturePassword }, path)
    expect(plaintextIn(right)).toMatch(/^tcp_/)
    expect(late.cookie).not.toBe(cookie)
    expect((await late.get(path)).html).not.toContain('id="password"')
  })
})

describe("lifetimes that a form offers", () => {
  const now = new Date("2030-01-01T00:00:00Z")
  const policyOf = (days: number | null) =>
    TokenPolicy.make({
      defaultLifetime: Duration.days(5),
      longestLifetime: days === null ? null : Duration.days(days),
      allowsNeverExpiring: days === null,
    })

  it("are those that the policy allows", () => {
    expect(possibleLifetimes(policyOf(null), now)).toEqual(["7", "30", "90"])
    expect(possibleLifetimes(policyOf(30), now)).toEqual(["7", "30"])
    expect(possibleLifetimes(policyOf(6), now)).toEqual([])
  })

  it("end before the token does, where it can only be shortened", () => {
    expect(possibleLifetimes(policyOf(null), now, null)).toEqual(["7", "30", "90"])
    expect(possibleLifetimes(policyOf(null), now, new Date("2030-01-31T00:00:00Z"))).toEqual(["7"])
    expect(possibleLifetimes(policyOf(7), now, new Date("2030-01-03T00:00:00Z"))).toEqual([])
  })

  it("never include never under a policy that forbids it, and one of them, or a date, is chosen", () => {
    const choice = (days: number | null, choice: string) =>
      String(
        expiryChoice({ legend: "Expires", typed: { choice, date: "" }, errors: {}, now, policy: policyOf(days) }),
      ).replace(/\s+/g, " ")
    expect(choice(null, "30")).toMatch(/value="30" checked.* value="never"/)
    expect(choice(20, "30")).toMatch(/value="7" checked/)
    expect(choice(20, "30")).not.toContain('value="never"')
    expect(choice(20, "30")).toContain('max="2030-01-19"')
    expect(choice(6, "30")).toMatch(/value="date" checked/)
  })
})
