import { expect, it } from "vitest"
import { Client } from "../Client.ts"
import { expectAccessible } from "./accessibility.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { accountId, tokenNamed } from "./ownersTokens.ts"
import { signedIn } from "./signedIn.ts"

describeInBrowser("an admin's seat", (demo) => {
  it("lists the accounts and their tokens, and revokes one, after asking, without ever showing it", async () => {
    const ownedBy = await accountId(demo(), "other")
    const { plaintext } = await demo().tokens.issue({ ownedBy, name: "Leaked", scopes: [] })
    const person = await signedIn(demo(), "admin")
    await person.follow("Accounts")
    await person.sees("Accounts")
    await expectAccessible(person.page)
    await person.follow("other@example.test")
    await person.sees("other@example.test")
    await expectAccessible(person.page)
    await person.follow("Revoke Leaked")
    await person.sees("Revoke Leaked of other@example.test?")
    await expectAccessible(person.page)
    await person.press("Revoke")
    await person.page.getByText(/^The token is revoked/).waitFor()
    expect((await new Client(demo().publicUrl).withToken(plaintext).get("/api/me")).status).toBe(401)
    expect(await tokenNamed(demo(), "other", "Leaked")).toMatchObject({ revocationReason: "revoked by an admin" })
  })

  it("is not there for others", async () => {
    const person = await signedIn(demo(), "owner")
    expect(await person.find("link", "Accounts").count()).toBe(0)
    const other = await accountId(demo(), "other")
    for (const path of [
      "/settings/accounts",
      `/settings/accounts/${other}`,
      `/settings/accounts/${other}/revoke-all`,
    ]) {
      expect((await person.page.goto(path))?.status()).toBe(403)
    }
    await expectAccessible(person.page)
  })
})
