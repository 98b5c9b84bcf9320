import { expect, it } from "vitest"
import { Client, credentialsOf } from "../Client.ts"
import { aPerson } from "./browser.ts"
import { Keyboard } from "./Keyboard.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { tokenNamed } from "./ownersTokens.ts"

describeInBrowser("with the keyboard alone", (demo) => {
  it("a person signs in, issues and copies a token, renames, rotates and revokes it, and signs out", async () => {
    const person = await aPerson(demo().publicUrl)
    const keyboard = new Keyboard(person)
    const { email, password } = credentialsOf("owner")
    await person.goTo("/login")
    await keyboard.type("Email address", email)
    await person.page.keyboard.press("Tab")
    await person.page.keyboard.type(password)
    await person.page.keyboard.press("Enter")
    await person.sees("Your tokens")

    await keyboard.enter("link", "Skip to content")
    await keyboard.enter("link", "New token")
    await keyboard.type("Name", "By keyboard")
    await keyboard.tabTo("radio", "30 days")
    await person.page.keyboard.press("ArrowDown")
    expect(await person.find("radio", "90 days").isChecked()).toBe(true)
    await keyboard.space("checkbox", "treasure:read See your treasures")
    await keyboard.enter("button", "Issue token")
    const plaintext = await person.field("Token “By keyboard”").inputValue()
    await keyboard.space("button", "Copy token")
    await person.page.getByText("Copied.", { exact: true }).waitFor()
    expect(await person.page.evaluate(() => navigator.clipboard.readText())).toBe(plaintext)
    const program = new Client(demo().publicUrl).withToken(plaintext)
    expect((await program.get("/api/treasures")).status).toBe(200)

    await keyboard.enter("link", /copied it/)
    await person.sees("By keyboard")
    await keyboard.type("Name", "Renamed by keyboard")
    await person.page.keyboard.press("Enter")
    await person.sees("Renamed by keyboard")

    await keyboard.enter("link", "New secret")
    await person.sees(/^New secret for/)
    await keyboard.enter("button", "Make a new secret")
    await person.sees("The new secret")
    await keyboard.enter("link", /copied it/)
    await keyboard.enter("button", "End it now")
    await person.page.getByText("Only the newest secret is accepted now.").waitFor()
    expect((await program.get("/api/treasures")).status).toBe(401)

    await keyboard.enter("link", "Revoke")
    await person.sees("Revoke Renamed by keyboard?")
    await keyboard.enter("button", "Revoke")
    await person.page.getByText(/^The token is revoked/).waitFor()
    expect((await tokenNamed(demo(), "owner", "Renamed by keyboard")).revokedAt).not.toBe(null)
    await keyboard.enter("button", "Sign out")
    await person.sees("Sign in")
  })
})
