/** A demo whose accounts have no tokens yet. */
import type { Demo } from "../../src/Demo.ts"
import type { StoreLocation } from "../../src/Configuration.ts"
import { fixturePassword } from "../../src/fixtures.ts"
import { hashPassword } from "../../src/passwords.ts"
import { plainScopes } from "../../src/scopes.ts"
import { demoOn } from "../demos.ts"

/** `ann@` and `bob@example.test`, with the fixtures' password. */
export const newcomersOn = async (location: StoreLocation): Promise<Demo> => {
  const demo = await demoOn(location, { loadsFixtures: false })
  const passwordHash = await hashPassword(fixturePassword)
  const accounts = ["ann", "bob"].map((name, index) => ({
    id: `019470a0-0000-7000-8000-00000000010${index}`,
    email: `${name}@example.test`,
    passwordHash,
    isAdmin: false,
    active: true,
    scopes: plainScopes,
    sessionGeneration: 1,
  }))
  await demo.store.addIfEmpty(accounts, [])
  return demo
}
