import { expect, it } from "vitest"
import { credentialsOf } from "../Client.ts"
import { expectAccessible } from "./accessibility.ts"
import { aPerson } from "./browser.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { signedIn, signIn } from "./signedIn.ts"

describeInBrowser("signing in", (demo) => {
  it("leads back to the requested page", async () => {
    const person = await aPerson(demo().publicUrl)
    await person.goTo("/settings/tokens?show=dead")
    await person.sees("Sign in")
    await signIn(person, "owner")
    await person.sees("Your tokens")
    expect(person.page.url()).toBe(`${demo().publicUrl}/settings/tokens?show=dead`)
  })

  it("leads to no other site, whatever the address says", async () => {
    for (const next of [
      "https://evil.example/",
      "//evil.example/settings/tokens",
      "/\\evil.example",
      "javascript:alert(1)",
    ]) {
      const person = await aPerson(demo().publicUrl)
      await person.goTo(`/login?next=${encodeURIComponent(next)}`)
      await signIn(person, "owner")
      await person.sees("Your tokens")
      expect(person.page.url()).toBe(`${demo().publicUrl}/settings/tokens`)
    }
  })

  it("looks the same for an unknown address and a wrong password, and keeps the address typed", async () => {
    const person = await aPerson(demo().publicUrl)
    const texts: Array<string> = []
    for (const email of ["owner@example.test", "nobody@example.test", "deactivated@example.test"]) {
      await person.goTo("/login")
      await person.fill("Email address", email)
      await person.fill("Password", email.startsWith("deactivated") ? credentialsOf("owner").password : "wrong")
      await person.press("Sign in")
      await person.find("alert", /./).waitFor()
      expect(await person.field("Email address").inputValue()).toBe(email)
      expect(await person.field("Password").inputValue()).toBe("")
      texts.push(await person.page.getByRole("main").innerText())
    }
    expect(new Set(texts).size).toBe(1)
  })

  it("and out ends it: the back button and the old cookie show nothing", async () => {
    const person = await signedIn(demo(), "owner")
    const context = person.page.context()
    const cookies = await context.cookies()
    await person.press("Sign out")
    await person.sees("Sign in")
    await person.goBack()
    await person.sees("Sign in")
    await context.addCookies(cookies)
    await person.goTo("/settings/tokens")
    await person.sees("Sign in")
  })

  it("starts a new session, so a session id planted in the browser stays signed out", async () => {
    const attacker = await signedIn(demo(), "other")
    const planted = await attacker.page.context().cookies()
    const person = await aPerson(demo().publicUrl)
    const context = person.page.context()
    await person.goTo("/login")
    await context.addCookies(planted)
    await signIn(person, "owner")
    await person.page.getByText("owner@example.test").waitFor()
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax" })
    expect(cookie?.value).not.toBe(planted[0]?.value)
    await attacker.page.reload()
    await attacker.sees("Sign in")
  })

  it("ends with the account's deactivation, at the next click", async () => {
    const person = await signedIn(demo(), "other")
    const account = await demo().store.accounts.findByEmail("other@example.test")
    await demo().store.accounts.update(account!.id, { active: false })
    await person.page.reload()
    await person.sees("Sign in")
    await demo().store.accounts.update(account!.id, { active: true })
    await person.page.reload()
    await person.sees("Sign in")
  })

  it("works without JavaScript", async () => {
    await signedIn(demo(), "owner", { javaScriptEnabled: false })
  })

  it("is accessible, with an error too", async () => {
    const person = await aPerson(demo().publicUrl)
    await person.goTo("/login")
    await expectAccessible(person.page)
    await person.fill("Email address", "owner@example.test")
    await person.fill("Password", "wrong")
    await person.press("Sign in")
    await person.find("alert", /./).waitFor()
    await expectAccessible(person.page)
  })
})
