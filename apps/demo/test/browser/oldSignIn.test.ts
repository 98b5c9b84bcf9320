import { createHash } from "node:crypto"
import { expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { credentialsOf } from "../Client.ts"
import { expectAccessible } from "./accessibility.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { accountId, tokensOf } from "./ownersTokens.ts"
import type { Person } from "./Person.ts"
import { signedIn, signIn } from "./signedIn.ts"

const anHour = 60 * 60 * 1000

/** Makes the sign-in this long ago. The session lasts `expiresIn` from now. */
const age = async (demo: Demo, person: Person, milliseconds: number, expiresIn = anHour): Promise<void> => {
  const [cookie] = await person.page.context().cookies()
  const idHash = createHash("sha256").update(cookie!.value).digest("base64url")
  const data = await demo.store.sessions.get(idHash, new Date())
  await demo.store.sessions.set(
    idHash,
    { ...data!, signedInAt: Date.now() - milliseconds },
    new Date(Date.now() + expiresIn),
  )
}

describeInBrowser("a sign-in of long ago", (demo) => {
  it("issues a token only with the password, which is asked for beside the form", async () => {
    const person = await signedIn(demo(), "owner")
    await age(demo(), person, anHour + 1000)
    await person.follow("New token")
    await person.fill("Name", "With password")
    await expectAccessible(person.page)
    for (const [password, sentence] of [
      ["", /^Enter your password/],
      ["wrong", "The password is wrong."],
    ] as const) {
      await person.fill("Your password", password)
      await person.press("Issue token")
      await person.page.getByText(sentence).first().waitFor()
      expect(await person.field("Name").inputValue()).toBe("With password")
    }
    expect((await tokensOf(demo(), "owner")).some(({ name }) => name === "With password")).toBe(false)
    await person.fill("Your password", credentialsOf("owner").password)
    await person.press("Issue token")
    await person.field("Token “With password”").waitFor()
    await person.follow("Tokens")
    await person.follow("New token")
    expect(await person.field("Your password").count()).toBe(0)
  })

  it("doesn't rotate without it", async () => {
    const { token } = await demo().tokens.issue({ ownedBy: await accountId(demo(), "owner"), name: "Old", scopes: [] })
    const person = await signedIn(demo(), "owner")
    await age(demo(), person, anHour + 1000)
    await person.goTo(`/settings/tokens/${token.id}/rotate`)
    await person.press("Make a new secret")
    await person.page
      .getByText(/^Enter your password/)
      .first()
      .waitFor()
    expect(await demo().tokens.find({ id: token.id, ownedBy: token.ownedBy })).toMatchObject({ revision: 1 })
  })

  it("that has ended leads to signing in, and back", async () => {
    const person = await signedIn(demo(), "owner")
    await person.follow("New token")
    await person.sees("New token")
    await age(demo(), person, 2 * anHour, -1)
    await person.page.reload()
    await person.sees("Sign in")
    await signIn(person, "owner")
    await person.sees("New token")
  })
})
