import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { Client } from "./Client.ts"
import { demoOn, stores } from "./demos.ts"

describe.each(stores)("on %s", (_, location) => {
  let demo: Demo
  let owner: Client

  beforeAll(async () => {
    demo = await demoOn(location())
    owner = await Client.signedIn(demo.publicUrl, "owner")
  })
  afterAll(() => demo.stop())

  const expecting = (tag: string) => owner.withHeaders({ "If-Match": tag })
  const withKey = (key: string, client = owner) => client.withHeaders({ "Idempotency-Key": JSON.stringify(key) })
  const body = { name: "once", scopes: ["treasure:read"], expiresIn: "1 day" }
  const problem = (slug: string) => ({ type: `${demo.publicUrl}/problems/${slug}` })

  describe("If-Match (RFC 9110 §13.1.1)", () => {
    it("lets a change through that was made on what is there, and no other", async () => {
      const { token } = await owner.issue()
      const path = `/api/tokens/${token.id}`
      const tag = (await owner.get(path)).headers.get("ETag") ?? ""
      expect(tag).toBe('"r1"')
      const renamed = await expecting(tag).patch(path, { name: "first" })
      expect(renamed).toMatchObject({ status: 200, body: { name: "first" } })
      expect(renamed.headers.get("ETag")).toBe('"r2"')
      for (const answer of [
        await expecting(tag).patch(path, { name: "second" }),
        await expecting(tag).post(`${path}/rotate`, {}),
        await expecting(tag).post(`${path}/end-overlap`, {}),
        await expecting(tag).delete(path),
      ]) {
        expect(answer).toMatchObject({ status: 412, body: problem("precondition-failed") })
      }
      expect((await owner.get(path)).body).toMatchObject({ name: "first", revision: 2, revokedAt: null })
      expect((await expecting('"r9", "r2"').post(`${path}/rotate`, {})).status).toBe(200)
      expect((await expecting("*").patch(path, { name: "third" })).status).toBe(200)
    })

    it("holds in a race: of changes on one revision at once one alone is made", async () => {
      const { token } = await owner.issue()
      const path = `/api/tokens/${token.id}`
      const names = Array.from({ length: 8 }, (_, index) => `name ${index}`)
      const answers = await Promise.all(names.map((name) => expecting('"r1"').patch(path, { name })))
      expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([
        200,
        ...Array.from({ length: 7 }, () => 412),
      ])
      expect((await owner.get(path)).body).toMatchObject({ revision: 2 })
    })

    it("that can't be read is 400", async () => {
      const { token } = await owner.issue()
      const answer = await expecting("r1").patch(`/api/tokens/${token.id}`, { name: "x" })
      expect(answer).toMatchObject({ status: 400, body: problem("invalid-input") })
    })
  })

  describe("Idempotency-Key", () => {
    it("makes one token of a request that is sent again, and says that its plaintext is gone", async () => {
      const first = await withKey("a").post("/api/tokens", body)
      expect(first.status).toBe(201)
      const again = await withKey("a").post("/api/tokens", { expiresIn: "1 day", scopes: body.scopes, name: "once" })
      expect(again).toMatchObject({ status: 409, body: problem("plaintext-gone") })
      expect(JSON.stringify(again.body)).toContain(first.body.token.id)
      expect(JSON.stringify(again.body)).not.toContain(first.body.plaintext)
    })

    it("of many at once lets one issue", async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => withKey("race").post("/api/tokens", body)))
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      for (const { status, body } of answers.filter(({ status }) => status !== 201)) {
        expect(status).toBe(409)
        expect([problem("plaintext-gone").type, problem("idempotency-key-in-use").type]).toContain(body.type)
      }
    })

    it("with another body is 422, and nobody else's", async () => {
      expect((await withKey("b").post("/api/tokens", body)).status).toBe(201)
      const other = await withKey("b").post("/api/tokens", { ...body, name: "twice" })
      expect(other).toMatchObject({ status: 422, body: problem("idempotency-key-reused") })
      const stranger = await Client.signedIn(demo.publicUrl, "other")
      expect((await withKey("b", stranger).post("/api/tokens", body)).status).toBe(201)
    })

    it("is free again when nothing was issued", async () => {
      const refused = await withKey("c").post("/api/tokens", { ...body, scopes: ["no:such"] })
      expect(refused.status).toBe(422)
      expect((await withKey("c").post("/api/tokens", body)).status).toBe(201)
    })

    it("that can't be read is 400", async () => {
      const answer = await owner.withHeaders({ "Idempotency-Key": "bare" }).post("/api/tokens", body)
      expect(answer).toMatchObject({ status: 400, body: problem("invalid-input") })
    })
  })
})
