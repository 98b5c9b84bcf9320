/** That a request to issue makes one token, however often it comes. */
import { RepositoryUnavailable } from "@tokenry/core"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { Client } from "./Client.ts"
import { allStores, type TwoDemos, twoDemosOn } from "./demos.ts"
import { Browser } from "./pages/Browser.ts"

describe.each(allStores)("on %s", (_, location) => {
  let demo: TwoDemos["demo"]
  let owner: TwoDemos["owner"]
  let elsewhere: TwoDemos["elsewhere"]
  let stop: TwoDemos["stop"]

  beforeAll(async () => {
    ;({ demo, owner, elsewhere, stop } = await twoDemosOn(await location()))
  })
  afterAll(() => stop())

  const problem = (slug: string) => ({ type: `${demo.publicUrl}/problems/${slug}` })
  const withKey = (key: string, client = owner) => client.withHeaders({ "Idempotency-Key": `"${key}"` })

  const wanted = { name: "once", scopes: ["treasure:read"] }
  const tokensNamed = async (name: string): Promise<ReadonlyArray<{ readonly id: string }>> => {
    const { items } = (await owner.get("/api/tokens?limit=100")).body
    return items.filter((token: { readonly name: string }) => token.name === name)
  }

  /** Puts another method in the place of one, until the test is over. */
  const replace = <T extends object, K extends keyof T>(target: T, name: K, method: T[K]) => {
    const original = target[name]
    onTestFinished(() => void Object.assign(target, { [name]: original }))
    Object.assign(target, { [name]: method })
  }

  it("a repeated request makes no second token, and says where the first is and that its plaintext is gone (draft 07 §2.6)", async () => {
    const client = withKey("repeated")
    const first = await client.post("/api/tokens", { ...wanted, name: "repeated" })
    expect(first).toMatchObject({ status: 201, body: { plaintext: expect.stringMatching(/^tcp_/) } })
    // The same fields in another order and with other blanks are the same request.
    const again = await client.send("POST", "/api/tokens", '{ "scopes": ["treasure:read"], "name": "repeated" }')
    expect(again.status).toBe(409)
    expect(again.body).toMatchObject({
      ...problem("plaintext-gone"),
      resource: first.headers.get("Location"),
    })
    expect(JSON.stringify(again.body)).not.toContain("tcp_")
    expect((await owner.get(again.body.resource)).status).toBe(200)
    expect(await tokensNamed("repeated")).toHaveLength(1)
  })

  it("of concurrent requests, in two processes, one issues and the others are refused (draft 07 §2.7)", async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        withKey("at once", index % 2 === 0 ? owner : elsewhere).post("/api/tokens", { ...wanted, name: "at once" }),
      ),
    )
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    expect(statuses).toEqual([201, ...Array.from({ length: 11 }, () => 409)])
    const slugs = answers.flatMap(({ status, body }) => (status === 409 ? [body.type.split("/").at(-1)] : []))
    expect(slugs.filter((slug) => slug !== "idempotency-key-in-use" && slug !== "plaintext-gone")).toEqual([])
    expect(await tokensNamed("at once")).toHaveLength(1)
  })

  it("a key with another body is 422, and makes nothing (draft 07 §2.7)", async () => {
    await withKey("other body").post("/api/tokens", wanted)
    for (const body of [
      { ...wanted, name: "other" },
      { ...wanted, expiresIn: "1 day" },
    ]) {
      const answer = await withKey("other body").post("/api/tokens", body)
      expect(answer).toMatchObject({ status: 422, body: problem("idempotency-key-reused") })
      expect(answer.body).not.toHaveProperty("resource")
    }
    expect(await tokensNamed("other")).toEqual([])
  })

  it("a key belongs to its owner, and a token learns nothing about what another issued with it", async () => {
    const other = await Client.signedIn(demo.publicUrl, "other")
    expect((await withKey("shared").post("/api/tokens", wanted)).status).toBe(201)
    expect((await withKey("shared", other).post("/api/tokens", wanted)).status).toBe(201)
    const { plaintext } = await owner.issue({ scopes: ["treasure:read", "token:manage"] })
    const program = owner.withToken(plaintext)
    const answer = await withKey("shared", program).post("/api/tokens", wanted)
    expect(answer).toMatchObject({ status: 422, body: problem("idempotency-key-reused") })
    expect((await withKey("its own", program).post("/api/tokens", wanted)).status).toBe(201)
    expect((await withKey("its own", program).post("/api/tokens", wanted)).body).toMatchObject(
      problem("plaintext-gone"),
    )
  })

  it("without a key, or with another, each request makes a token", async () => {
    const named = { ...wanted, name: "each" }
    const clients = [owner, owner, withKey("each 1"), withKey("each 2")]
    for (const client of clients) expect((await client.post("/api/tokens", named)).status).toBe(201)
    expect(await tokensNamed("each")).toHaveLength(4)
  })

  it("a request that made nothing leaves its key free", async () => {
    const client = withKey("refused")
    expect((await client.post("/api/tokens", { ...wanted, scopes: ["treasure:reed"] })).status).toBe(422)
    expect((await client.post("/api/tokens", { ...wanted, scopes: ["token:introspect"] })).status).toBe(403)
    expect((await client.post("/api/tokens", {})).status).toBe(400)
    expect((await client.post("/api/tokens", wanted)).status).toBe(201)
  })

  it("a field that can't be read is 400, and makes nothing (draft 07 §2.1)", async () => {
    for (const value of ["unquoted", '""', '"a", "b"', "7", `"${"k".repeat(256)}"`, ""]) {
      const client = owner.withHeaders({ "Idempotency-Key": value })
      const answer = await client.post("/api/tokens", { ...wanted, name: "unread" })
      expect([value, answer.status]).toEqual([value, 400])
      expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(["#/Idempotency-Key"])
    }
    expect(await tokensNamed("unread")).toEqual([])
  })

  it("a request that was cut off after it issued keeps its key in use, and leads to the list", async () => {
    replace(demo.store.idempotencyKeys, "settle", () => Promise.reject(new Error("The process is gone")))
    const named = { ...wanted, name: "cut off" }
    const first = await withKey("cut off").post("/api/tokens", named)
    expect(first.status).toBe(201)
    expect(await withKey("cut off").post("/api/tokens", named)).toMatchObject({
      status: 409,
      body: { ...problem("idempotency-key-in-use"), resource: "/api/tokens" },
    })
    expect(await tokensNamed("cut off")).toHaveLength(1)
  })

  it("an outage in which a token may have been made keeps the key in use; one before that frees it", async () => {
    const failing = (operation: string) =>
      replace(demo.tokens, "issue", () =>
        Promise.reject(new RepositoryUnavailable({ operation, cause: new Error("connection refused") })),
      )
    const { issue } = demo.tokens
    failing("authorityOf")
    expect((await withKey("outage").post("/api/tokens", wanted)).status).toBe(503)
    failing("insert")
    expect((await withKey("outage").post("/api/tokens", wanted)).status).toBe(503)
    replace(demo.tokens, "issue", issue)
    expect(await withKey("outage").post("/api/tokens", wanted)).toMatchObject({
      status: 409,
      body: problem("idempotency-key-in-use"),
    })
  })

  it("a form's id is kept or freed by the same rule", async () => {
    const { issue } = demo.tokens
    const failing = (reason: unknown) => replace(demo.tokens, "issue", () => Promise.reject(reason))
    const outageIn = (operation: string) => new RepositoryUnavailable({ operation, cause: new Error("gone") })
    const path = "/settings/tokens/new"
    const browser = await Browser.signedIn(demo.publicUrl, "owner")
    const form = await browser.get(path)
    const send = () => form.submit({ name: "by a form", expiry: "7" }, path)
    failing(outageIn("authorityOf"))
    expect((await send()).status).toBe(503)
    failing(outageIn("insert"))
    expect((await send()).status).toBe(503)
    replace(demo.tokens, "issue", issue)
    const again = await send()
    expect([again.status, again.title]).toEqual([409, "This form was already sent · Treasures"])

    const other = await browser.get(path)
    failing(new Error("a defect"))
    expect((await other.submit({ name: "by a form", expiry: "7" }, path)).status).toBe(500)
    replace(demo.tokens, "issue", issue)
    expect((await other.submit({ name: "by a form", expiry: "7" }, path)).status).toBe(409)
    expect(await tokensNamed("by a form")).toEqual([])
  })
})
