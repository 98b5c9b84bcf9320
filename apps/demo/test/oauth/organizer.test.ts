/** The organizer renews its access by itself, so a person signs in once and not every 90 days. */
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest"
import { freePort } from "../../../../tools/freePort.ts"
import { startOrganizer } from "../../../organizer/src/Organizer.ts"
import { cookieOf } from "../Client.ts"
import { aSqliteFile, demoOn } from "../demos.ts"
import { Person } from "./App.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** The demo's tokens live for 90 days. */
const passDays = (days: number) => vi.setSystemTime(Date.now() + days * 86_400_000)

const open = async () => {
  const [store, configuration] = [aSqliteFile(), { port: await freePort() }]
  let demo = await demoOn(store, configuration)
  onTestFinished(() => demo.stop())
  const organizer = await startOrganizer({ host: "127.0.0.1", port: 0, treasuresUrl: demo.publicUrl })
  onTestFinished(() => organizer.stop())
  const person = await Person.signedIn(demo.publicUrl, "owner")

  const leaving = await fetch(`${organizer.url}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { Origin: organizer.url },
  })
  const { pathname, search } = new URL(leaving.headers.get("Location") ?? "")
  const back = await person.decides(await person.opens(pathname + search), "allow")
  const returning = await fetch(back, { redirect: "manual", headers: { Cookie: cookieOf(leaving.headers) } })
  const Cookie = cookieOf(returning.headers)

  const ownedBy = (await demo.store.accounts.findByEmail("owner@example.test"))?.id ?? ""
  /** Those that the organizer has had. */
  const tokens = async () =>
    (await demo.tokens.list({ ownedBy, limit: 100 })).items.filter(({ name }) => name === "Treasure Organizer")
  return {
    page: async () => (await fetch(organizer.url, { headers: { Cookie } })).text(),
    rotations: async () =>
      (await tokens()).map(({ history }) => history.filter(({ kind }) => kind === "rotated").length),
    disconnect: async () => person.disconnects((await tokens())[0]?.issuedTo ?? ""),
    restart: async (whileAway: () => Promise<void>) => {
      await demo.stop()
      await whileAway()
      demo = await demoOn(store, configuration)
    },
  }
}

it("a token about to expire is refreshed once for all pages loading at that moment, and again the next time", async () => {
  const { page, rotations } = await open()
  expect(await page()).toContain("Silver bars")
  expect(await rotations()).toEqual([0])
  for (const count of [1, 2]) {
    passDays(90 - 30 / 86_400)
    const pages = await Promise.all(Array.from({ length: 8 }, page))
    for (const html of pages) expect(html).toContain("Silver bars")
    expect(await rotations()).toEqual([count])
  }
})

it("a token that has expired is replaced by another", async () => {
  const { page, rotations } = await open()
  passDays(100)
  expect(await page()).toContain("Silver bars")
  expect(await rotations()).toEqual([0, 0])
})

it("an organizer that has been disconnected says so", async () => {
  const { page, disconnect } = await open()
  await disconnect()
  passDays(100)
  expect(await page()).toContain("The organizer no longer has access")
})

it("while the treasures can't be reached nobody is signed out, and the next page refreshes", async () => {
  const { page, restart } = await open()
  passDays(100)
  await restart(async () => expect(await page()).toContain("Treasures can't be reached"))
  expect(await page()).toContain("Silver bars")
})
