import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { temporaryFolder } from "../demos.ts"
import { endAll, startDemoProcess } from "../demoProcess.ts"
import { aPerson, withoutBrowser } from "./browser.ts"
import { signIn } from "./signedIn.ts"

afterAll(endAll)

describe.skipIf(withoutBrowser)("a newcomer", () => {
  it("needs eight actions from the start to a working curl line with their own token", async () => {
    const demo = await startDemoProcess({ STORE_URL: `sqlite:${temporaryFolder()}/treasures.sqlite` })
    const person = await aPerson(demo.url)
    await person.goTo("/")
    await signIn(person, "owner")
    await person.follow("New token")
    await person.fill("Name", "My first token")
    await person.tick("treasure:read See your treasures")
    await person.press("Issue token")
    expect(person.actions.length).toBeLessThanOrEqual(8)

    const line = await person.page.getByText(/^curl /).innerText()
    const { stdout } = await promisify(execFile)("sh", ["-c", line])
    expect(JSON.parse(stdout).items.map(({ name }: { name: string }) => name)).toContain("Silver bars")
  })
})
