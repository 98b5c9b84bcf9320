import { describe, expect, it } from "vitest"
import { credentialsOf } from "../Client.ts"
import { aPerson } from "./browser.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { anOtherSite, type Host, trapFor } from "./OtherSite.ts"
import { tokensOf } from "./ownersTokens.ts"
import type { Person } from "./Person.ts"
import { signedIn } from "./signedIn.ts"

const hosts: ReadonlyArray<readonly [name: string, host: Host]> = [
  ["another port of the same host", "127.0.0.1"],
  ["another site", "localhost"],
]

/** Troubles these tests expect: requests to other addresses, whose responses the browser hides. */
const expected = ["elsewhere:", "CORS policy", "Permissions policy", "answer: 4"]

/** Everything the page's form would send, with the name filled in. */
const formOf = (person: Person, button: string) =>
  person.find("button", button).evaluate((element) => {
    const { form } = element as HTMLButtonElement
    if (form === null) throw new Error("The button is in no form")
    const fields = new FormData(form)
    if (fields.has("name")) fields.set("name", "from elsewhere")
    return { action: form.action, fields: [...fields].map(([name, value]) => [name, String(value)] as const) }
  })

describeInBrowser("what other sites make a browser send", (demo) => {
  describe.each(hosts)("%s", (_, host) => {
    it("a form issues no token", async () => {
      const person = await signedIn(demo(), "owner", { expected })
      await person.goTo("/settings/tokens/new")
      const { action, fields } = await formOf(person, "Issue token")
      const before = await tokensOf(demo(), "owner")
      await person.page.goto(await anOtherSite(host, trapFor(action, fields)))
      const answered = person.page.waitForResponse(action)
      await person.press("Win")
      expect((await answered).status()).toBe(403)
      await person.sees(/site/)
      expect((await tokensOf(demo(), "owner")).length).toBe(before.length)
    })

    it("a script issues no token and reads no page", async () => {
      const person = await signedIn(demo(), "owner", { expected })
      await person.goTo("/settings/tokens/new")
      const { action, fields } = await formOf(person, "Issue token")
      const before = await tokensOf(demo(), "owner")
      await person.page.goto(await anOtherSite(host, ""))
      const outcomes = await person.page.evaluate(
        async ({ action, fields, origin }) => {
          const outcome = (path: string, init: RequestInit) =>
            fetch(new URL(path, origin), { credentials: "include", ...init }).then(
              ({ type, status }) => `${type} ${status}`,
              () => "refused by the browser",
            )
          const body = new URLSearchParams(fields.map(([name, value]) => [name, value]))
          const json = { method: "POST", headers: { "Content-Type": "application/json" } }
          return [
            await outcome(action, { method: "POST", mode: "no-cors", body }),
            await outcome(action, { method: "POST", body }),
            await outcome("/settings/tokens", {}),
            await outcome("/api/tokens", {}),
            await outcome("/api/tokens", { ...json, body: '{"name":"from elsewhere","scopes":[]}' }),
            await outcome("/api/tokens", { method: "POST", mode: "no-cors", body: '{"name":"x","scopes":[]}' }),
          ]
        },
        { action, fields, origin: demo().publicUrl },
      )
      expect(outcomes).toEqual([
        "opaque 0",
        "refused by the browser",
        "refused by the browser",
        "refused by the browser",
        "refused by the browser",
        "opaque 0",
      ])
      expect((await tokensOf(demo(), "owner")).length).toBe(before.length)
    })

    it("a form can sign nobody in or out", async () => {
      const person = await signedIn(demo(), "owner", { expected })
      const { email, password } = credentialsOf("other")
      const attempts = [
        ["/logout", []],
        [
          "/login",
          [
            ["email", email],
            ["password", password],
          ],
        ],
      ] as const
      for (const [path, fields] of attempts) {
        await person.page.goto(await anOtherSite(host, trapFor(demo().publicUrl + path, fields)))
        await person.press("Win")
        await person.sees(/site/)
      }
      await person.goTo("/settings/tokens")
      await person.sees("Your tokens")
      expect(await person.page.getByText("owner@example.test").count()).toBe(1)
    })

    it("no frame shows a page", async () => {
      const person = await signedIn(demo(), "owner", { expected: [...expected, "frame-ancestors", "Failed to load"] })
      await person.page.goto(await anOtherSite(host, `<iframe src="${demo().publicUrl}/settings/tokens"></iframe>`))
      const frame = person.page.frames()[1]
      await expect.poll(() => frame?.url()).toMatch(/^chrome-error:/)
    })
  })

  it("a link from another site leads to the page, signed in", async () => {
    const person = await signedIn(demo(), "owner", { expected })
    await person.page.goto(await anOtherSite("localhost", `<a href="${demo().publicUrl}/settings/tokens">Go</a>`))
    await person.follow("Go")
    await person.sees("Your tokens")
  })

  it("a signed-out person is refused in the same way", async () => {
    const person = await aPerson(demo().publicUrl, { expected })
    await person.page.goto(await anOtherSite("127.0.0.1", trapFor(`${demo().publicUrl}/login`, [["email", "a"]])))
    await person.press("Win")
    await person.sees(/site/)
  })
})
