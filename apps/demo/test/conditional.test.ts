/** That a change is made on what its client has seen, or not at all. */
import { once } from "node:events"
import { request } from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Answer, Client } from "./Client.ts"
import { stores, type TwoDemos, twoDemosOn } from "./demos.ts"

describe.each(stores)("on %s", (_, location) => {
  let demo: TwoDemos["demo"]
  let owner: TwoDemos["owner"]
  let elsewhere: TwoDemos["elsewhere"]
  let stop: TwoDemos["stop"]

  beforeAll(async () => {
    ;({ demo, owner, elsewhere, stop } = await twoDemosOn(await location()))
  })
  afterAll(() => stop())

  const problem = (slug: string) => ({ type: `${demo.publicUrl}/problems/${slug}` })
  const ifMatch = (value: string, client = owner) => client.withHeaders({ "If-Match": value })
  const aToken = async () => {
    const { plaintext, token } = await owner.issue({ expiresIn: "30 days" })
    return { plaintext, path: `/api/tokens/${token.id}` }
  }
  const stateOf = async (path: string) => (await owner.get(path)).body

  it("every answer with one token has its revision as a strong ETag (RFC 9110 §8.8.3), and none is 304", async () => {
    const issued = await owner.post("/api/tokens", { name: "test", scopes: ["treasure:read"] })
    const path = issued.headers.get("Location") ?? ""
    const answers = [
      issued,
      await owner.get(path),
      await owner.patch(path, { name: "renamed" }),
      await owner.post(`${path}/rotate`, {}),
      await owner.post(`${path}/end-grace`, {}),
    ]
    expect(answers.map(({ headers }) => headers.get("ETag"))).toEqual(['"r1"', '"r1"', '"r2"', '"r3"', '"r4"'])
    const conditional = owner.withHeaders({ "If-None-Match": '"r4"' })
    expect(await conditional.get(path)).toMatchObject({ status: 200, body: { revision: 4 } })
    expect((await conditional.get(path)).headers.get("Cache-Control")).toBe("no-store")
  })

  const changes: ReadonlyArray<readonly [name: string, change: (client: Client, path: string) => Promise<Answer>]> = [
    ["PATCH", (client, path) => client.patch(path, { name: "renamed" })],
    ["rotate", (client, path) => client.post(`${path}/rotate`, { graceFor: "0 minutes" })],
    ["end-grace", (client, path) => client.post(`${path}/end-grace`, {})],
    ["DELETE", (client, path) => client.delete(path)],
  ]

  it.each(changes)("%s is done if one of the tags matches, or any will do (RFC 9110 §13.1.1)", async (_, change) => {
    for (const value of ['"r2"', ' "r1" ,, "r2"', "*"]) {
      const { path } = await aToken()
      await owner.post(`${path}/rotate`, {})
      expect((await change(ifMatch(value), path)).status).toBeLessThan(300)
      expect(await stateOf(path)).toMatchObject({ revision: 3 })
    }
  })

  it.each(changes)("%s is 412 if none matches, and changes nothing (RFC 9110 §15.5.13)", async (_, change) => {
    const { plaintext, path } = await aToken()
    const { history, secrets, name } = await stateOf(path)
    for (const value of ['"r2"', '"r0", "r2"', 'W/"r1"', '"1"', ""]) {
      const answer = await change(ifMatch(value), path)
      expect([value, answer.status]).toEqual([value, 412])
      expect(answer.body).toMatchObject(problem("precondition-failed"))
      expect(answer.headers.get("Content-Type")).toBe("application/problem+json")
    }
    expect(await stateOf(path)).toMatchObject({ revision: 1, history, secrets, name, revokedAt: null })
    expect((await owner.withToken(plaintext).get("/api/treasures")).status).toBe(200)
  })

  it.each(changes)("%s with a field that can't be read is 400, and changes nothing", async (_, change) => {
    const { path } = await aToken()
    for (const value of ["r1", '"r1', '"r1" "r1"', '*, "r1"', 'w/"r1"']) {
      const answer = await change(ifMatch(value), path)
      expect([value, answer.status]).toEqual([value, 400])
      expect(answer.body.errors).toEqual([
        { pointer: "#/If-Match", detail: 'must be * or a list of entity-tags, as "r7"' },
      ])
    }
    expect(await stateOf(path)).toMatchObject({ revision: 1 })
  })

  it("a repeated field is one list (RFC 9110 §5.3)", async () => {
    const { path } = await aToken()
    const statusWith = async (...values: ReadonlyArray<string>) => {
      const headers = { Cookie: owner.cookie, Origin: demo.publicUrl, "If-Match": [...values] }
      const sent = request(demo.publicUrl + path, { method: "DELETE", headers }).end()
      const [response] = await once(sent, "response")
      response.resume()
      return response.statusCode
    }
    expect(await statusWith('"r5"', '"r6"')).toBe(412)
    expect(await statusWith("*", "*")).toBe(400)
    expect(await statusWith('"r5"', '"r1"')).toBe(204)
  })

  it("reading a token is conditional too", async () => {
    const { path } = await aToken()
    expect((await ifMatch('"r1"').get(path)).status).toBe(200)
    expect(await ifMatch('"r2"').get(path)).toMatchObject({ status: 412, body: problem("precondition-failed") })
  })

  it("a request that fails for another reason gets that reason (RFC 9110 §13.2.1)", async () => {
    const { path } = await aToken()
    const other = await Client.signedIn(demo.publicUrl, "other")
    expect((await ifMatch('"r9"', other).patch(path, { name: "x" })).status).toBe(404)
    expect((await ifMatch('"r9"', new Client(demo.publicUrl)).patch(path, { name: "x" })).status).toBe(401)
    await owner.delete(path)
    expect(await ifMatch('"r9"').patch(path, { name: "x" })).toMatchObject({ body: problem("token-not-live") })
  })

  it("a use doesn't conflict with a change, although the body shows it", async () => {
    const { plaintext, path } = await aToken()
    const seen = await owner.get(path)
    await owner.withToken(plaintext).get("/api/treasures")
    expect((await stateOf(path)).lastUsedAt).not.toBe(seen.body.lastUsedAt)
    expect((await ifMatch(seen.headers.get("ETag") ?? "").patch(path, { name: "x" })).status).toBe(200)
  })

  it("of concurrent changes to one revision, in two processes, one succeeds", async () => {
    const { path } = await aToken()
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => {
        const client = ifMatch('"r1"', index % 2 === 0 ? owner : elsewhere)
        return index % 3 === 0 ? client.post(`${path}/rotate`, {}) : client.patch(path, { name: `name ${index}` })
      }),
    )
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    expect(statuses).toEqual([200, ...Array.from({ length: 11 }, () => 412)])
    const { revision, history } = await stateOf(path)
    expect([revision, history.length]).toEqual([2, 2])
  })
})
