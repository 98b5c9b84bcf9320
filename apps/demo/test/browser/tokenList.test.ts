import { describe, expect, it } from "vitest"
import { aSqliteFile } from "../demos.ts"
import { expectAccessible } from "./accessibility.ts"
import { withoutBrowser } from "./browser.ts"
import { newcomersOn } from "./newcomers.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { accountId, tokensOf } from "./ownersTokens.ts"
import type { Person } from "./Person.ts"
import { takeScreenshots } from "./screenshots.ts"
import { signedIn } from "./signedIn.ts"

const cardOf = (person: Person, name: string) =>
  person.page
    .getByRole("main")
    .getByRole("listitem")
    .filter({ has: person.find("heading", name) })

describeInBrowser("the list", (demo) => {
  it("shows the live tokens first, then the dead, each with its state in words", async () => {
    const person = await signedIn(demo(), "owner")
    const headings = await person.page.getByRole("heading", { level: 3 }).allInnerTexts()
    expect(headings.slice(-2).sort()).toEqual(["Last year's CI", "Lost phone"])
    const states = {
      Laptop: "Live",
      "Expires soon": "Live, expires soon",
      "Last year's CI": "Expired",
      "Lost phone": "Revoked",
    }
    for (const [name, state] of Object.entries(states)) {
      await cardOf(person, name).getByText(state, { exact: true }).first().waitFor()
    }
    await cardOf(person, "Backup script").getByText("Never").first().waitFor()
    await cardOf(person, "Chart plotter").getByText("chart-plotter").waitFor()
    await expectAccessible(person.page)
    await takeScreenshots(person.page, "tokens")
  })

  it("shows times in words, and exactly on hover, in the person's time zone", async () => {
    const person = await signedIn(demo(), "owner", { timezoneId: "Asia/Tokyo" })
    const created = cardOf(person, "Laptop").getByText("20 days ago")
    expect(await created.getAttribute("title")).toMatch(/\(Asia\/Tokyo\)$/)
  })

  it("shows names as plain text, whatever they contain", async () => {
    const names = [
      "<script>alert(1)</script>",
      `"><img src=x onerror=alert(1)>`,
      "&lt;b&gt; {{7*7}} ${1}",
      "\u2067שלום עולם",
      "\u202Egnp.eman",
      "👩‍👩‍👧‍👦 family",
      "e\u0301\u0323 combining",
      "W".repeat(100),
    ]
    const ownedBy = await accountId(demo(), "other")
    for (const name of names) await demo().tokens.issue({ ownedBy, name, scopes: [] })
    const person = await signedIn(demo(), "other")
    const shown = await person.page.getByRole("heading", { level: 3 }).allTextContents()
    expect(shown.slice(0, names.length).map((text) => text.trim())).toEqual(names.toReversed())
    await expectAccessible(person.page)
  })

  it("revokes all of them, after asking", async () => {
    const person = await signedIn(demo(), "admin")
    await person.follow("Revoke all")
    await person.sees("Revoke all your tokens?")
    await expectAccessible(person.page)
    expect((await tokensOf(demo(), "admin")).every(({ revokedAt }) => revokedAt === null)).toBe(true)
    await person.press("Revoke all")
    await person.page.getByText(/^All tokens are revoked/).waitFor()
    expect((await tokensOf(demo(), "admin")).every(({ revokedAt }) => revokedAt !== null)).toBe(true)
  })
})

describe.skipIf(withoutBrowser)("the list of a newcomer", () => {
  it("says what a token is for, and turns pages once there are many", async () => {
    const demo = await newcomersOn(aSqliteFile())
    try {
      const person = await signedIn(demo, "ann")
      await person.page.getByText(/You have no tokens yet/).waitFor()
      await expectAccessible(person.page)
      const ownedBy = await accountId(demo, "ann")
      for (let index = 1; index <= 45; index++)
        await demo.tokens.issue({ ownedBy, name: `Number ${index}`, scopes: [] })
      const all = (await tokensOf(demo, "ann")).map(({ name }) => name)
      await person.page.reload()
      const shown: Array<string> = []
      for (const first of [0, 20, 40]) {
        await person.find("link", all[first] ?? "").waitFor()
        shown.push(...(await person.page.getByRole("heading", { level: 3 }).allInnerTexts()))
        if (first < 40) await person.follow("Older")
      }
      expect(shown).toEqual(all)
      await person.follow("Newest")
      await person.find("link", all[0] ?? "").waitFor()
    } finally {
      await demo.stop()
    }
  })
})
