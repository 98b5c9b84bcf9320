import { expect, it } from "vitest"
import { Client } from "./Client.ts"
import { aSqliteFile, demoOn } from "./demos.ts"

it("a sweep deletes a token that has been dead for long enough, and no live one", async () => {
  const demo = await demoOn(aSqliteFile(), { sweeps: { every: "1 second", purgeDeadFor: "0 days" } })
  try {
    const owner = await Client.signedIn(demo.publicUrl, "owner")
    const { token: live } = await owner.issue()
    const { token: dead } = await owner.issue()
    await owner.delete(`/api/tokens/${dead.id}`)
    await expect.poll(async () => (await owner.get(`/api/tokens/${dead.id}`)).status, { timeout: 60_000 }).toBe(404)
    expect((await owner.get(`/api/tokens/${live.id}`)).status).toBe(200)
  } finally {
    await demo.stop()
  }
})
