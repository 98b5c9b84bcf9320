import { expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { scopeCatalogue } from "../../src/scopes.ts"
import { Client } from "../Client.ts"
import { expectAccessible } from "./accessibility.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { accountId, tokenNamed } from "./ownersTokens.ts"
import type { Person } from "./Person.ts"
import { signedIn } from "./signedIn.ts"

interface Request {
  readonly name: string
  readonly scopes?: ReadonlyArray<string>
  readonly boundTo?: string
}

/** Issued by the owner, and opened. */
const opened = async (demo: Demo, { name, scopes = ["treasure:read"], boundTo }: Request) => {
  const { plaintext, token } = await demo.tokens.issue({
    ownedBy: await accountId(demo, "owner"),
    name,
    scopes: scopeCatalogue.requested(scopes),
    expiresIn: "60 days",
    boundTo,
  })
  const person = await signedIn(demo, "owner")
  await person.follow(name)
  await person.sees(name)
  return { person, plaintext, token }
}

const says = (person: Person, words: string): Promise<void> =>
  expect.poll(() => person.page.getByRole("main").innerText()).toContain(words)

describeInBrowser("a token's page", (demo) => {
  it("renames it, and keeps the input if it isn't valid", async () => {
    const { person } = await opened(demo(), { name: "Old name" })
    await person.fill("Name", "   ")
    await person.press("Rename")
    await person.sees("One field needs correcting")
    expect(await person.field("Name").inputValue()).toBe("   ")
    await person.fill("Name", "Better name")
    await person.press("Rename")
    await person.sees("Better name")
    await says(person, "The token has a new name.")
    await says(person, "was Old name")
  })

  it("narrows it to what it has needed, with one click", async () => {
    const { person, plaintext } = await opened(demo(), { name: "Wide", scopes: ["treasure:edit", "treasure:create"] })
    const program = new Client(demo().publicUrl).withToken(plaintext)
    expect((await program.get("/api/treasures")).status).toBe(200)
    await demo().tokens.flush()
    await person.page.reload()
    await person.press("Narrow to treasure:read")
    await says(person, "The token has fewer scopes now.")
    expect(await tokenNamed(demo(), "owner", "Wide")).toMatchObject({ scopes: ["treasure:read"] })
    expect((await program.post("/api/treasures", { name: "Pearl", value: 1 })).status).toBe(403)
  })

  it("takes away the scopes that are not ticked", async () => {
    const { person } = await opened(demo(), { name: "Two scopes", scopes: ["treasure:read", "treasure:create"] })
    await person.field("treasure:create Add treasures").uncheck()
    await person.press("Remove the others")
    await says(person, "The token has fewer scopes now.")
    expect(await tokenNamed(demo(), "owner", "Two scopes")).toMatchObject({ scopes: ["treasure:read"] })
  })

  it("lets it expire sooner, and never later", async () => {
    const { person, token } = await opened(demo(), { name: "Shorter" })
    expect(await person.field("90 days").count()).toBe(0)
    await person.press("Shorten")
    await person.sees("One field needs correcting")
    await person.tick("7 days")
    await person.press("Shorten")
    await says(person, "The token expires sooner now.")
    const { expiresAt } = await tokenNamed(demo(), "owner", "Shorter")
    expect(expiresAt?.getTime()).toBeLessThan(token.expiresAt?.getTime() ?? 0)
  })

  it("rotates it, shows whether the old secret is still in use, and ends its grace period at once", async () => {
    const { person, plaintext } = await opened(demo(), { name: "Rotated" })
    await person.follow("New secret")
    await person.choose("The old secret is accepted for", "7 days")
    await person.press("Make a new secret")
    const field = person.field("Token “Rotated”")
    await field.waitFor()
    const next = await field.inputValue()
    expect(next).not.toBe(plaintext)
    const old = new Client(demo().publicUrl).withToken(plaintext)
    expect((await old.get("/api/treasures")).status).toBe(200)
    await demo().tokens.flush()

    await person.page.reload()
    await person.sees("This form was already sent")
    expect(await person.page.content()).not.toContain(next)
    await person.follow("Go to the token's page")
    await says(person, "Last use: just now.")
    await person.press("End it now")
    await says(person, "Only the newest secret is accepted now.")
    expect((await old.get("/api/treasures")).status).toBe(401)
    expect((await old.withToken(next).get("/api/treasures")).status).toBe(200)
  })

  it("revokes it after asking, naming it and what ends with it", async () => {
    const { person, plaintext } = await opened(demo(), { name: "Parent", scopes: ["token:manage"] })
    const program = new Client(demo().publicUrl).withToken(plaintext)
    const child = await program.issue({ name: "Child", scopes: [] })
    await person.page.reload()
    await person.find("link", "Child").waitFor()
    await person.follow("Revoke")
    await person.sees("Revoke Parent?")
    await person.find("link", "Child").waitFor()
    await expectAccessible(person.page)
    await person.press("Revoke")
    await says(person, "The token is revoked.")
    expect(await person.find("link", "New secret").count()).toBe(0)
    for (const secret of [plaintext, child.plaintext]) {
      expect((await program.withToken(secret).get("/api/me")).status).toBe(401)
    }
    expect(await tokenNamed(demo(), "owner", "Parent")).toMatchObject({ revokedAt: expect.any(Date) })
  })

  it("someone else's token doesn't exist", async () => {
    const { id } = await tokenNamed(demo(), "other", "Spreadsheet")
    const person = await signedIn(demo(), "owner")
    const texts: Array<string> = []
    for (const path of [id, "019470a0-0000-7000-a000-0000000fffff", "no-id", `${id}/revoke`, `${id}/rotate`]) {
      const answer = await person.page.goto(`/settings/tokens/${path}`)
      expect(answer?.status()).toBe(404)
      texts.push(await person.page.getByRole("main").innerText())
    }
    expect(new Set(texts).size).toBe(1)
    await expectAccessible(person.page)
  })

  it("is accessible, also when it is rotated and when it is dead", async () => {
    const { person } = await opened(demo(), { name: "Nightly backup", scopes: ["treasure:edit", "treasure:create"] })
    await expectAccessible(person.page)
    await person.follow("New secret")
    await expectAccessible(person.page)
    await person.press("Make a new secret")
    await person.follow(/copied it/)
    await person.sees("Nightly backup")
    await expectAccessible(person.page)
    await person.goTo("/settings/tokens")
    await person.follow("Lost phone")
    await person.sees("Lost phone")
    await expectAccessible(person.page)
  })

  it("shows the key that a token is bound to, which fits on a phone", async () => {
    const boundTo = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    const { person } = await opened(demo(), { name: "Partner's server", boundTo })
    await says(person, boundTo)
    await expectAccessible(person.page)
  })

  it("works without JavaScript", async () => {
    const { token } = await opened(demo(), { name: "Plain" })
    const person = await signedIn(demo(), "owner", { javaScriptEnabled: false })
    await person.goTo(`/settings/tokens/${token.id}`)
    await person.fill("Name", "Plain still")
    await person.press("Rename")
    await person.sees("Plain still")
    await person.follow("Revoke")
    await person.press("Revoke")
    await says(person, "The token is revoked.")
  })
})
