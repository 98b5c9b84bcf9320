/** That nobody who has only found a browser signed in gets a plaintext out of it, on any route. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { declaredRoutes } from "../src/api/description.ts"
import { IssuedToken } from "../src/api/schemas.ts"
import type { Demo } from "../src/Demo.ts"
import { Client } from "./Client.ts"
import { demoOn } from "./demos.ts"
import { signedInLongAgo } from "./pages/signedInLongAgo.ts"

let demo: Demo

beforeAll(async () => {
  demo = await demoOn({ kind: "memory" })
})
afterAll(() => demo.stop())

/** All routes that answer with a plaintext, as the API's description says. */
const revealing = declaredRoutes.filter(({ answers }) =>
  Object.values(answers).some(({ schema }) => schema === IssuedToken),
)

it("an hour after signing in, every route of the API that reveals a plaintext asks to sign in again", async () => {
  expect(revealing.map(({ operationId }) => operationId)).toEqual(["issueToken", "rotateToken"])
  const owner = await Client.signedIn(demo.publicUrl, "owner")
  const { plaintext, token } = await owner.issue({ scopes: ["token:manage"] })
  const request = (client: Client, { method, path, body }: (typeof revealing)[number]) =>
    client.send(method, path.replace(":id", token.id), JSON.stringify(body?.example))
  await signedInLongAgo(demo, owner.cookie)
  for (const route of revealing) {
    const answer = await request(owner.withHeaders({ "Idempotency-Key": '"late"' }), route)
    expect(answer).toMatchObject({
      status: 403,
      body: { type: `${demo.publicUrl}/problems/recent-sign-in-required` },
    })
    expect(JSON.stringify(answer.body)).not.toContain("tcp_")
    expect(route.problems).toContain("recent-sign-in-required")
  }
  // Nothing was made, and the key is free.
  expect((await owner.get("/api/tokens?limit=100")).body.items).toHaveLength(9)
  expect((await owner.get(`/api/tokens/${token.id}`)).body).toMatchObject({ revision: 1 })
  expect((await owner.patch(`/api/tokens/${token.id}`, { name: "renamed" })).status).toBe(200)
  // A token has no password to type.
  expect((await owner.withToken(plaintext).post("/api/tokens", { name: "minted", scopes: [] })).status).toBe(201)
  const again = await Client.signedIn(demo.publicUrl, "owner")
  for (const route of revealing) {
    expect((await request(again.withHeaders({ "Idempotency-Key": '"late"' }), route)).status).toBeLessThan(202)
  }
})
