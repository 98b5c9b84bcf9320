import { expect, it } from "vitest"
import { demoOn } from "../demos.ts"
import { freePort } from "../../../../tools/freePort.ts"
import { expectAccessible } from "./accessibility.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { tokenNamed, tokensOf } from "./ownersTokens.ts"
import type { Person } from "./Person.ts"
import { takeScreenshots } from "./screenshots.ts"
import { signedIn } from "./signedIn.ts"

const reading = "treasure:read See your treasures"

/** Starts from the list. */
const fillForm = async (person: Person, name: string): Promise<void> => {
  await person.follow("New token")
  await person.fill("Name", name)
  await person.tick(reading)
}

/** The plaintext, which the page shows only once. */
const plaintextOn = async (person: Person, name: string): Promise<string> => {
  const field = person.field(`Token “${name}”`)
  await field.waitFor()
  return field.inputValue()
}

const clipboardOf = (person: Person): Promise<string> => person.page.evaluate(() => navigator.clipboard.readText())

const selectedText = (person: Person): Promise<string> =>
  person.page.evaluate(() => {
    const field = document.activeElement as HTMLInputElement
    return field.value.slice(field.selectionStart ?? 0, field.selectionEnd ?? 0)
  })

describeInBrowser("issuing", (demo) => {
  it("shows the plaintext once, and copies exactly it", async () => {
    const person = await signedIn(demo(), "owner")
    await fillForm(person, "Copied")
    await person.tick("Never")
    await person.press("Issue token")
    const plaintext = await plaintextOn(person, "Copied")
    await person.press("Copy token")
    await person.page.getByText("Copied.", { exact: true }).waitFor()
    expect(await clipboardOf(person)).toBe(plaintext)
    expect(await demo().tokens.verify(plaintext)).toMatchObject({ accepted: true })
    expect(await tokenNamed(demo(), "owner", "Copied")).toMatchObject({ scopes: ["treasure:read"], expiresAt: null })
  })

  it("keeps the plaintext out of addresses, storage and what the back button shows", async () => {
    const person = await signedIn(demo(), "owner")
    const { page } = person
    const addresses: Array<string> = []
    page.on("request", (request) => addresses.push(request.url()))
    await fillForm(person, "Kept out")
    await person.press("Issue token")
    const plaintext = await plaintextOn(person, "Kept out")
    await person.follow(/copied it/)
    await person.sees("Kept out")
    expect(await page.content()).not.toContain(plaintext)
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    )
    await person.goBack()
    await expect.poll(() => page.content().catch(() => plaintext)).not.toContain(plaintext)
    expect([...addresses, page.url(), stored].join(" ")).not.toContain(plaintext)
  })

  it("without a clipboard, as over plain http, the plaintext is selected to be copied by hand", async () => {
    const port = await freePort()
    const plain = await demoOn({ kind: "memory" }, { port, publicUrl: `http://0.0.0.0:${port}` })
    try {
      const person = await signedIn(plain, "owner", {
        permissions: [],
        expected: ["Cross-Origin-Opener-Policy header has been ignored"],
      })
      expect(await person.page.evaluate(() => "clipboard" in navigator)).toBe(false)
      await fillForm(person, "By hand")
      await person.press("Issue token")
      const plaintext = await plaintextOn(person, "By hand")
      await person.press("Copy token")
      await person.page.getByText(/allow copying here/).waitFor()
      expect(await selectedText(person)).toBe(plaintext)
    } finally {
      await plain.stop()
    }
  })

  it("works without JavaScript, where the plaintext is a field to select from", async () => {
    const person = await signedIn(demo(), "owner", { javaScriptEnabled: false })
    await fillForm(person, "No script")
    await person.tick("On a date")
    await person.fill("Date", "2099-12-31")
    await person.press("Issue token")
    const plaintext = await plaintextOn(person, "No script")
    expect(await demo().tokens.verify(plaintext)).toMatchObject({ accepted: true })
    expect(await person.find("button", "Copy token").count()).toBe(0)
    await person.field("Token “No script”").selectText()
    expect(await selectedText(person)).toBe(plaintext)
    const { expiresAt } = await tokenNamed(demo(), "owner", "No script")
    expect(expiresAt?.toISOString()).toBe("2099-12-31T23:59:59.000Z")
  })

  it("ends the day in the person's time zone", async () => {
    const person = await signedIn(demo(), "owner", { timezoneId: "America/Los_Angeles" })
    await fillForm(person, "In California")
    await person.fill("Date", "2030-07-01")
    expect(await person.field("On a date").isChecked()).toBe(true)
    await person.page.getByText(/^Expires .*2030.*(23|11):59.*\(America\/Los_Angeles\)\.$/).waitFor()
    await person.press("Issue token")
    await plaintextOn(person, "In California")
    const { expiresAt } = await tokenNamed(demo(), "owner", "In California")
    expect(expiresAt?.toISOString()).toBe("2030-07-02T06:59:59.000Z")
  })

  it("a reload and the back button show nothing again, and issue no second token", async () => {
    const person = await signedIn(demo(), "owner")
    await fillForm(person, "Reloaded")
    await person.press("Issue token")
    const plaintext = await plaintextOn(person, "Reloaded")
    await person.page.reload()
    await person.sees("This form was already sent")
    expect(await person.page.content()).not.toContain(plaintext)
    await person.goBack()
    await person.sees("New token")
    expect(await person.page.content()).not.toContain(plaintext)
    expect(await tokenNamed(demo(), "owner", "Reloaded")).toMatchObject({ revision: 1 })
  })

  it.each([
    [true, /^Your new token$/],
    // The browser drops the answer to the first click, and shows the one to the second.
    [false, /^(Your new token|This form was already sent)$/],
  ])("a double click issues one token (with JavaScript: %s)", async (javaScriptEnabled, heading) => {
    const person = await signedIn(demo(), "owner", { javaScriptEnabled })
    const name = `Clicked twice ${javaScriptEnabled}`
    await fillForm(person, name)
    await person.find("button", "Issue token").dblclick()
    await person.sees(heading)
    expect(await tokenNamed(demo(), "owner", name)).toMatchObject({ revision: 1 })
  })

  it("says what is wrong beside the fields, keeps what was typed, and puts the focus on it", async () => {
    const person = await signedIn(demo(), "owner")
    await fillForm(person, "x".repeat(101))
    await person.tick("Never")
    await person.press("Issue token")
    await person.sees("One field needs correcting")
    expect(await person.page.title()).toMatch(/^Error: /)
    const name = person.field("Name")
    expect(await name.inputValue()).toBe("x".repeat(101))
    expect(await name.getAttribute("aria-invalid")).toBe("true")
    expect(await person.field("Never").isChecked()).toBe(true)
    expect(await person.field(reading).isChecked()).toBe(true)
    const focused = person.page.locator(":focus")
    expect(await focused.getAttribute("role")).toBe("alert")
    await focused.getByRole("link").click()
    await expect.poll(() => name.evaluate((element) => element === document.activeElement)).toBe(true)
    await expectAccessible(person.page)
  })

  it("a date that is past is refused beside it, and kept", async () => {
    const person = await signedIn(demo(), "owner")
    await fillForm(person, "Too late")
    await person.fill("Date", "2020-01-01")
    await person.press("Issue token")
    await person.sees("One field needs correcting")
    expect(await person.field("Date").inputValue()).toBe("2020-01-01")
    expect(await person.field("On a date").isChecked()).toBe(true)
    expect((await tokensOf(demo(), "owner")).some(({ name }) => name === "Too late")).toBe(false)
  })

  it("offers no scope that the account does not hold, and says why", async () => {
    const person = await signedIn(demo(), "owner")
    await person.follow("New token")
    const unavailable = person.field("token:introspect Look up anyone's tokens")
    expect(await unavailable.isDisabled()).toBe(true)
    await person.page.getByText(/Your account doesn't have this scope/).waitFor()
    await person.page.getByText("Includes treasure:read.").waitFor()
  })

  it("a name is plain text, whatever it contains", async () => {
    const person = await signedIn(demo(), "other")
    const name = "\"'><img src=x onerror=alert(1)> &lt;b&gt; {{7*7}} ${1}"
    await fillForm(person, name)
    await person.press("Issue token")
    await plaintextOn(person, name)
    await person.follow("Tokens")
    await person.find("link", name).waitFor()
  })

  it("10,000 characters are refused with a sentence", async () => {
    const person = await signedIn(demo(), "owner")
    await fillForm(person, "💰".repeat(5_000))
    await person.press("Issue token")
    await person.page
      .getByText(/^The name .*100.*\.$/)
      .first()
      .waitFor()
    await expectAccessible(person.page)
  })

  it("the form and the page with the plaintext are accessible", async () => {
    const person = await signedIn(demo(), "owner")
    await fillForm(person, "Laptop at home")
    await expectAccessible(person.page)
    await person.press("Issue token")
    await plaintextOn(person, "Laptop at home")
    await expectAccessible(person.page)
    await hidePlaintext(person)
    await takeScreenshots(person.page, "plaintext")
  })
})

/** Call before taking a screenshot, so no real token is in it. */
const hidePlaintext = (person: Person): Promise<void> =>
  person.page.evaluate(() => {
    const masked = (text: string) =>
      text.replace(/tcp_\w+/, "tcp_ThisIsAnExampleAndNoTokenItWouldNotWorkAnywhere").replace(/:\d{4,5}/, ":3000")
    for (const field of document.querySelectorAll("input")) field.value = masked(field.value)
    for (const line of document.querySelectorAll("pre")) line.textContent = masked(line.textContent)
  })
