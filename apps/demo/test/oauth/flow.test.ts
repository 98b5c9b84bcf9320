/** The authorization code flow, with a foreign client over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { Client } from "../Client.ts"
import { allStores, demoOn } from "../demos.ts"
import { App, Person } from "./App.ts"

describe.each(allStores)("on %s", (_, location) => {
  let demo: Demo
  let owner: Client
  beforeAll(async () => {
    demo = await demoOn(location())
    owner = await Client.signedIn(demo.publicUrl, "owner")
  })
  afterAll(() => demo.stop())

  it("an app that a person lets in gets an API token, which the pages and the API know", async () => {
    const app = await App.registered(demo.publicUrl)
    const person = await Person.signedIn(demo.publicUrl, "owner")
    const granted = await app.redeem(await app.letInBy(person, { scope: "treasure:read treasure:create" }))
    expect(granted).toMatchObject({
      token_type: "bearer",
      scope: "treasure:read treasure:create",
      expires_in: expect.closeTo(90 * 24 * 60 * 60, -2),
      access_token: expect.stringMatching(/^tcp_/),
      refresh_token: expect.any(String),
    })
    const api = owner.withToken(granted.access_token)
    expect((await api.get("/api/treasures")).status).toBe(200)
    const { items } = (await owner.get("/api/tokens")).body
    expect(items).toContainEqual(
      expect.objectContaining({
        name: "Chart plotter",
        issuedTo: app.client.client_id,
        scopes: ["treasure:read", "treasure:create"],
      }),
    )
  })
})
