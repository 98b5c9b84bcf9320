import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { demoOn, stores } from "../demos.ts"
import { Browser } from "./Browser.ts"

/** The text of each card on a page. */
const cardsIn = (html: string): ReadonlyArray<string> =>
  [...html.matchAll(/<li class="card">([\s\S]*?)<\/dl>/g)].map(([, card = ""]) =>
    card
      .replace(/<[^>]*>/g, " ")
      .replace(/\s+/g, " ")
      .trim(),
  )

describe.each(stores)("the list of tokens on %s", (_, location) => {
  let demo: Demo
  let ownedBy: string
  let browser: Browser

  beforeAll(async () => {
    demo = await demoOn(await location())
    ownedBy = (await demo.store.accounts.findByEmail("other@example.test"))?.id ?? ""
    browser = await Browser.signedIn(demo.publicUrl, "other")
  })
  afterAll(() => demo.stop())

  it("shows live ones first, then dead ones, with all that one needs to tell them apart", async () => {
    const owner = await Browser.signedIn(demo.publicUrl, "owner")
    const { html } = await owner.get("/settings/tokens")
    const cards = cardsIn(html)
    expect(cards.map((card) => card.replace(/ (Live|Expired|Revoked).*/, ""))).toEqual([
      "Who am I",
      "Chart plotter",
      "Laptop",
      "Expires soon",
      "Backup script",
      "From the old system",
      "Lost phone",
      "Last year's CI".replace("'", "&#39;"),
    ])
    expect(cards[0]).toContain("Scopes None: it only proves identity Created 2 days ago Last used Never")
    expect(cards[1]).toContain("for chart-plotter")
    expect(cards[3]).toMatch(
      /Live, expires soon Looks like tcp_…\w{4} Scopes treasure:edit .* Expires .* UTC \( in 3 days \)/,
    )
    expect(cards[4]).toContain("Expires Never")
    expect(cards[6]).toMatch(/Revoked 9 days ago : the phone is lost/)
    expect(cards[7]).toContain("Expired")
    expect(html).toContain('<a href="/settings/tokens" aria-current="page">Tokens</a>')
    expect(html.match(/aria-current/g)).toHaveLength(1)
    expect(html.indexOf('id="live"')).toBeLessThan(html.indexOf('id="dead"'))
  })

  it("says when a token was last used in words, and exactly on hover", async () => {
    const { plaintext } = await demo.tokens.issue({ ownedBy, name: "used", scopes: ["treasure:read"] })
    await fetch(`${demo.publicUrl}/api/me`, { headers: { Authorization: `Bearer ${plaintext}` } })
    const { html } = await browser.get("/settings/tokens")
    expect(html).toMatch(/<dt>Last used<\/dt>\s*<dd>\s*<time datetime="[^"]*Z" title="[^"]* UTC">just now<\/time>/)
  })

  it.each([
    ["markup", `<img src=x onerror="alert(1)">'&`, `&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;`],
    ["marks for writing from right to left", "abc\u202Etxt.exe", "abc\u202Etxt.exe"],
    ["emoji", "👩‍👩‍👧 ❤️", "👩‍👩‍👧 ❤️"],
  ])("shows %s in a name as text, set apart", async (_, name, shown) => {
    await demo.tokens.issue({ ownedBy, name, scopes: [] })
    expect((await browser.get("/settings/tokens")).html).toContain(`<bdi>${shown}</bdi></a>`)
  })

  it("gives a name that can't be seen something to see and to click on", async () => {
    const { token } = await demo.tokens.issue({ ownedBy, name: "\u200B\u2060", scopes: [] })
    expect((await browser.get("/settings/tokens")).html).toContain(`</bdi>(no visible name, ${token.id})</a>`)
  })

  it("turns its pages, and each token comes once", async () => {
    for (let index = 0; index < 45; index++) {
      const { token } = await demo.tokens.issue({ ownedBy, name: `many ${index}`, scopes: [] })
      if (index % 3 === 0) await demo.tokens.revoke({ id: token.id, ownedBy })
    }
    const seen: Array<string> = []
    let page = await browser.get("/settings/tokens")
    for (let turn = 0; turn < 9; turn++) {
      seen.push(...cardsIn(page.html).map((card) => card.replace(/ (Live|Expired|Revoked).*/, "")))
      const older = /<a href="([^"]*)">Older</.exec(page.html)?.[1]
      if (older === undefined) break
      page = await browser.get(older.replaceAll("&amp;", "&").replace(/#.*/, ""))
    }
    const many = seen.filter((name) => name.startsWith("many"))
    expect(new Set(many).size).toBe(45)
    expect((await browser.get("/settings/tokens?live=nonsense")).status).toBe(400)
    expect((await browser.get("/settings/tokens?live=a&live=b")).status).toBe(400)
  })

  it("says what a token is for to who has none", async () => {
    const { store, tokens } = demo
    const account = await store.accounts.findByEmail("admin@example.test")
    expect(account).toBeDefined()
    const deadFor = "0 minutes"
    await tokens.revokeOwnedBy({ ownedBy: account?.id ?? "" })
    const admin = await Browser.signedIn(demo.publicUrl, "admin")
    expect((await admin.get("/settings/tokens")).text).toContain("No live tokens.")
    await tokens.purge({ deadFor })
    const page = await admin.get("/settings/tokens")
    expect(page.text).toContain("A token lets a program, such as a script or a build server, work with your treasures")
    expect((await page.follow("Issue your first token")).status).toBe(200)
  })
})
