import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { Client } from "./Client.ts"
import { demoOn, stores } from "./demos.ts"

describe.each(stores)("on %s", (_, location) => {
  let demo: Demo
  let owner: Client
  let plaintext: string

  beforeAll(async () => {
    demo = await demoOn(await location())
    owner = await Client.signedIn(demo.publicUrl, "owner")
    plaintext = (await owner.issue()).plaintext
  })
  afterAll(() => demo.stop())

  const everything = async () => (await owner.get("/api/tokens?limit=100")).body

  const valid = { name: "name", scopes: ["treasure:read"] }
  const year3000 = "3000-01-01T00:00:00Z"

  it.each<[string, object, number, string]>([
    [
      "an undeclared scope",
      { scopes: ["treasure:reed"] },
      422,
      "#/scopes/0 must be a declared scope; did you mean treasure:read?",
    ],
    ["a scope unlike any", { scopes: ["treasure:read", "x"] }, 422, "#/scopes/1 must be a declared scope"],
    [
      "a scope that isn't a scope-token",
      { scopes: ["treasure:read treasure:edit"] },
      422,
      "#/scopes/0 must be a declared scope",
    ],
    ["an empty name", { name: "" }, 422, "#/name must not be empty"],
    ["a blank name", { name: " \u00a0" }, 422, "#/name must not be empty"],
    ["an over-long name", { name: "n".repeat(101) }, 422, "#/name must have at most 100 characters"],
    ["control characters", { name: "a\u0007b" }, 422, "#/name must not contain control characters or line breaks"],
    ["NUL", { name: "a\0b" }, 422, "#/name must not contain control characters or line breaks"],
    ["ill-formed Unicode", { name: "a\ud800b" }, 422, "#/name must be well-formed Unicode"],
    ["an expiry in the past", { expiresAt: "2020-01-01T00:00:00Z" }, 422, "#/expiresAt must be in the future"],
    ["an expiry thousands of years away", { expiresAt: year3000 }, 422, "#/expiresAt must be within 100 years"],
    ["a lifetime of thousands of years", { expiresIn: "99999999 weeks" }, 422, "#/expiresIn must be within 100 years"],
    ["a lifetime of nothing", { expiresIn: "0 days" }, 422, "#/expiresIn must be in the future"],
    [
      "all that is forbidden at once",
      { name: "", scopes: ["x"], expiresIn: "0 days" },
      422,
      "#/name must not be empty #/scopes/0 must be a declared scope #/expiresIn must be in the future",
    ],
    ["no date", { expiresAt: "tomorrow" }, 400, "#/expiresAt"],
    ["a number for a date", { expiresAt: 1_800_000_000_000 }, 400, "#/expiresAt"],
    ["a day that does not exist", { expiresAt: "2027-02-30T00:00:00Z" }, 400, "#/expiresAt"],
    ["a date without an offset", { expiresAt: "2027-02-03T00:00:00" }, 400, "#/expiresAt"],
    ["an infinite lifetime", { expiresIn: "Infinity days" }, 400, "#/expiresIn"],
    ["a negative lifetime", { expiresIn: "-5 days" }, 400, "#/expiresIn"],
    ["both a date and a lifetime", { expiresAt: "2027-01-01T00:00:00Z", expiresIn: "5 days" }, 400, "#/expiresIn"],
    ["an unknown field", { role: "admin" }, 400, "#/role is not a known field"],
    ["another owner", { ownedBy: "somebody else" }, 400, "#/ownedBy is not a known field"],
    ["a name that isn't a string", { name: 5 }, 400, "#/name must be a string"],
    ["scopes that aren't a list", { scopes: "treasure:read" }, 400, "#/scopes must be an array"],
    ["scopes that are null", { scopes: null }, 400, "#/scopes must be an array"],
    ["no name and no scopes", { name: undefined, scopes: undefined }, 400, "#/name is missing #/scopes is missing"],
  ])("%s is refused, and nothing is issued", async (_, change, status, problems) => {
    const before = await everything()
    const body = JSON.stringify({ ...valid, ...change })
    const answer = await owner.send("POST", "/api/tokens", body)
    expect(answer.status).toBe(status)
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json")
    const said = answer.body.errors
      .map(({ pointer, detail }: Record<string, string>) => `${pointer} ${detail}`)
      .join(" ")
    expect(said.startsWith(problems), said).toBe(true)
    expect(await everything()).toEqual(before)
  })

  it.each<[string, string, string, number]>([
    ["JSON that does not parse", '{"name":', "application/json", 400],
    ["JSON that isn't an object", "[]", "application/json", 400],
    ["nothing at all", "", "application/json", 400],
    ["a field that poisons prototypes", '{"name":"n","scopes":[],"__proto__":{}}', "application/json", 400],
    ["a body that is too large", JSON.stringify({ name: "n".repeat(20_000) }), "application/json", 413],
    ["a form", "name=name&scopes=treasure:read", "application/x-www-form-urlencoded", 415],
    ["text", JSON.stringify(valid), "text/plain", 415],
    ["JSON in another charset", JSON.stringify(valid), "application/json; charset=iso-8859-1", 415],
    ["JSON in no charset", JSON.stringify(valid), "application/json; charset=rubbish", 415],
  ])("%s is refused, and nothing is issued", async (_, body, type, status) => {
    const before = await everything()
    const answer = await owner.send("POST", "/api/tokens", body, type)
    expect(answer).toMatchObject({ status, body: { status } })
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json")
    expect(await everything()).toEqual(before)
  })

  it("bytes that aren't UTF-8 are refused, not replaced", async () => {
    const head = `POST /api/tokens HTTP/1.1\r\nHost: x\r\nOrigin: ${demo.publicUrl}\r\nCookie: ${owner.cookie}\r\n`
    const body = '{"name":"caf\u00e9","scopes":[]}'
    for (const [encoding, status] of [
      ["latin1", 400],
      ["utf8", 201],
    ] as const) {
      const bytes = Buffer.from(body, encoding)
      const type = `Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`
      expect(await raw(Buffer.concat([Buffer.from(head + type), bytes]))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    }
  })

  it("a compressed body is refused, damaged or not", async () => {
    const client = owner.withHeaders({ "Content-Encoding": "gzip" })
    expect(await client.post("/api/tokens", valid)).toMatchObject({ status: 415, body: { status: 415 } })
  })

  it.each([
    ["cursor=made-up", "#/cursor"],
    ["cursor=", "#/cursor"],
    ["cursor=MTc5MjEyNTk5NTU2MC5ub3QtYW4taWQ", "#/cursor"],
    ["limit=0", "#/limit"],
    ["limit=101", "#/limit"],
    ["limit=1.5", "#/limit"],
    ["limit=1&limit=2", "#/limit"],
    ["state=all", "#/state"],
    ["page=2", "#/page"],
  ])("the query %s is refused", async (query, pointer) => {
    expect(await owner.get(`/api/tokens?${query}`)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
  })

  it.each<[string, object, number, string]>([
    ["more scopes", { scopes: ["treasure:read", "treasure:edit"] }, 403, "scope-not-held"],
    ["an undeclared scope", { scopes: ["x"] }, 422, "policy-violation"],
    ["a later expiry", { expiresIn: "300 days" }, 422, "policy-violation"],
    ["no expiry", { expiresAt: null }, 422, "policy-violation"],
    ["an expiry in the past", { expiresAt: "2020-01-01T00:00:00Z" }, 422, "policy-violation"],
    ["an empty name", { name: "" }, 422, "policy-violation"],
    ["an unknown field", { revokedAt: null }, 400, "invalid-input"],
  ])("a change to %s is refused, and changes nothing", async (_, change, status, type) => {
    const { token } = await owner.issue()
    const answer = await owner.patch(`/api/tokens/${token.id}`, change)
    expect(answer).toMatchObject({ status, body: { type: `${demo.publicUrl}/problems/${type}` } })
    expect((await owner.get(`/api/tokens/${token.id}`)).body).toMatchObject({ revision: 1 })
  })

  it("a token that is revoked or expired can't be changed any more", async () => {
    const { body } = await owner.get("/api/tokens?state=dead")
    expect(body.items.length).toBeGreaterThanOrEqual(2)
    for (const { id } of body.items) {
      expect(await owner.patch(`/api/tokens/${id}`, { name: "new" })).toMatchObject({ status: 409 })
    }
  })

  it.each<[string, (token: string) => string, number]>([
    ["truncated", (token) => token.slice(0, -1), 401],
    ["altered", (token) => token.replace(/.$/, (last) => (last === "0" ? "1" : "0")), 401],
    ["in another case", (token) => token.toUpperCase(), 401],
    ["of another prefix", (token) => token.replace("tcp_", "abc_"), 401],
    ["over-long", (token) => token + "x".repeat(5000), 401],
    ["well-formed but unknown, in the older format", () => `tcp_${"a".repeat(64)}`, 401],
    ["that is a digest", () => "a".repeat(64), 401],
    ["with a letter that is not ASCII", (token) => `${token.slice(0, -1)}é`, 400],
    ["with a blank in it", (token) => `${token.slice(0, 9)} ${token.slice(9)}`, 400],
    ["with a comma", (token) => `${token},${token}`, 400],
  ])("a token %s is refused", async (_, alter, status) => {
    const answer = await owner.withToken(alter(plaintext)).get("/api/treasures")
    expect(answer.status).toBe(status)
    expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer realm="treasures", error="/)
  })

  it("two Authorization headers are refused, though each alone would be good", async () => {
    const header = `Authorization: Bearer ${plaintext}\r\n`
    expect(await raw(`GET /api/me HTTP/1.1\r\nHost: x\r\n${header}${header}\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(`GET /api/me HTTP/1.1\r\nHost: x\r\n${header}\r\n`)).toMatch(/^HTTP\/1\.1 200 /)
  })

  it.each([
    [
      "a header that is too large",
      `GET /api/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${"x".repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ["no HTTP at all", "tcp_hello\r\n\r\n", 400],
    [
      "a request of two lengths",
      "POST /api/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
    ],
  ])("%s is refused as a problem", async (_, bytes, status) => {
    const answer = await raw(bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain("application/problem+json")
    expect(answer).toContain(`"status":${status}`)
  })

  it("an unsupported method gets the supported ones", async () => {
    const answer = await owner.send("PROPFIND", "/api/tokens")
    expect(answer).toMatchObject({ status: 405, body: { type: `${demo.publicUrl}/problems/method-not-allowed` } })
    expect(answer.headers.get("Allow")).toContain("POST")
  })

  it("a treasure's name with control characters is refused", async () => {
    expect(await owner.post("/api/treasures", { name: "a\u0007b", value: 1 })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/name" }] },
    })
  })

  it("a target that isn't a URL is refused", async () => {
    const answer = await raw("GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n")
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain("application/problem+json")
  })

  it("an unknown path and an unsupported method are problems", async () => {
    for (const path of [
      "/api/tokens/",
      "/API/tokens",
      "/api/tokens/x/y",
      "/api//tokens",
      "/api/%74okens/%00",
      "/%",
      `/${"a".repeat(4000)}`,
    ]) {
      const { status, headers } = await owner.get(path)
      expect({ path, status, type: headers.get("Content-Type") }).toEqual({
        path,
        status: 404,
        type: "application/problem+json",
      })
    }
    const answer = await owner.send("PUT", "/api/tokens")
    expect(answer).toMatchObject({ status: 405, body: { status: 405 } })
    expect(answer.headers.get("Allow")?.split(", ").toSorted()).toEqual(["GET", "HEAD", "POST"])
  })

  /** The server's response to exactly these bytes. */
  const raw = (bytes: string | Buffer): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(demo.publicUrl).port), "127.0.0.1", () => socket.write(bytes))
      socket.once("data", (data) => {
        socket.destroy()
        resolve(data.toString())
      })
      socket.once("error", reject)
    })
})
