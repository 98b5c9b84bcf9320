/** A third party's app and the demo in one browser: signing in to the app with the demo, and disconnecting it. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { type Organizer, startOrganizer } from "../../../organizer/src/Organizer.ts"
import { aPerson } from "./browser.ts"
import { describeInBrowser } from "./inBrowser.ts"
import { signIn } from "./signedIn.ts"

describeInBrowser("the organizer", (demo) => {
  let organizer: Organizer
  beforeAll(async () => {
    organizer = await startOrganizer({ host: "127.0.0.1", port: 0, treasuresUrl: demo().publicUrl })
  })
  afterAll(() => organizer.stop())

  it("a person signs in at it through the demo, sees treasures, disconnects it, and it is refused at once", async () => {
    const person = await aPerson(demo().publicUrl, { expected: [`elsewhere: ${organizer.url}`] })
    await person.goTo(organizer.url)
    await person.press("Sign in with Treasures")
    await signIn(person, "owner")
    await person.sees("Let Treasure Organizer into your account?")
    await person.press("Allow")
    await person.sees("Your treasures")
    await person.page.getByText("Silver bars").waitFor()
    expect(person.page.url()).toBe(`${organizer.url}/`)

    await person.goTo("/settings/apps")
    await person.follow("Disconnect Treasure Organizer")
    await person.press("Disconnect")
    await person.sees("Connected apps")
    await person.page.getByText("The app is disconnected. It is refused from now on.").waitFor()

    await person.goTo(organizer.url)
    await person.sees("The organizer no longer has access")
    await person.press("Sign in again")
    await person.sees("Let Treasure Organizer into your account?")
    await person.press("Decline")
    await person.sees("You are not signed in")
  })
})
