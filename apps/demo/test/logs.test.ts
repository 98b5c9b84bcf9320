import { createHash } from "node:crypto"
import { once } from "node:events"
import { connect } from "node:net"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, expect, it, onTestFinished, vi } from "vitest"
import { declaredRoutes } from "../src/api/description.ts"
import type { Configuration } from "../src/Configuration.ts"
import { startDemo } from "../src/Demo.ts"
import { fixturePassword } from "../src/fixtures.ts"
import { Client } from "./Client.ts"
import { endAll, startDemoProcess } from "./demoProcess.ts"
import { local, temporaryFolder } from "./demos.ts"
import { freePort } from "../../../tools/freePort.ts"
import { Browser } from "./pages/Browser.ts"

afterEach(endAll)

const waitFor = <A>(look: () => A) => vi.waitFor(look, { timeout: 200_000 })

/** A demo in this process, and the lines of its log, as they come. */
const logged = async (configuration: Partial<Configuration> = {}) => {
  const texts: Array<string> = []
  const demo = await startDemo(
    { ...local, store: { kind: "memory" }, log: "info", ...configuration },
    { writeLog: (line) => texts.push(line) },
  )
  onTestFinished(() => demo.stop())
  const lines = () => texts.map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>)
  return {
    demo,
    url: demo.publicUrl,
    texts,
    lines,
    /** The line of what is asked for last; an answer may be there before its line. */
    lineAfter: async (ask: () => Promise<unknown>, event = "request") => {
      const before = lines().length
      await ask()
      return waitFor(() => {
        const line = lines()
          .slice(before)
          .find((line) => line["event"] === event)
        if (line === undefined) throw new Error("There is no line yet")
        return line
      })
    },
  }
}

/** The same on a file, of which somebody else removes a table. */
const breakable = async (configuration: Partial<Configuration> = {}) => {
  const filename = join(temporaryFolder(), "treasures.sqlite")
  const breakStore = () => {
    const database = new DatabaseSync(filename)
    database.exec("DROP TABLE treasure")
    database.close()
  }
  return { ...(await logged({ store: { kind: "sqlite", filename }, ...configuration })), breakStore }
}

/** Sends these very bytes, and waits until the server has ended the connection. */
const sendRaw = async (url: string, bytes: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes))
  let answer = ""
  socket.on("data", (data) => (answer += data.toString())).on("error", () => {})
  await once(socket, "close")
  return answer
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

it("a request with a token has one line: the route's pattern, who called, and how it went", async () => {
  const { url, lineAfter, lines } = await logged()
  const owner = await Client.signedIn(url, "owner")
  const { plaintext, token } = await owner.issue({ scopes: ["token:manage"] })
  const before = lines().length
  const line = await lineAfter(() => owner.withToken(plaintext).get(`/api/tokens/${token.id}?a=b`))
  expect(lines().length - before).toBe(1)
  const { body } = await owner.get("/api/me")
  expect(line).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    level: "info",
    event: "request",
    method: "GET",
    route: "/api/tokens/:id",
    status: 200,
    durationMs: expect.any(Number),
    bytes: expect.any(Number),
    requestId: expect.stringMatching(uuid),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    via: "token",
    ownerId: body.owner.id,
    tokenId: token.id,
    address: "127.0.0.1",
  })
})

it("a session's owner is logged too, a refused token's isn't, and a path without a route has none", async () => {
  const { url, lineAfter } = await logged()
  const owner = await Client.signedIn(url, "owner")
  const { body } = await owner.get("/api/me")
  const client = new Client(url)
  const bySession = await lineAfter(() => owner.get("/api/treasures"))
  expect(bySession).toMatchObject({ via: "session", ownerId: body.owner.id, status: 200 })
  expect(bySession).not.toHaveProperty("tokenId")

  const { plaintext, token } = await owner.issue({ scopes: [] })
  const lacking = await lineAfter(() => owner.withToken(plaintext).get("/api/treasures"))
  expect(lacking).toMatchObject({ status: 403, via: "token", tokenId: token.id, route: "/api/treasures" })
  await owner.delete(`/api/tokens/${token.id}`)
  const refused = await lineAfter(() => owner.withToken(plaintext).get("/api/treasures"))
  expect(refused).toMatchObject({ status: 401, route: "/api/treasures" })
  expect(Object.keys(refused)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(via|ownerId|tokenId)$/)]))
  const nowhere = await lineAfter(() => client.get("/api/nowhere"))
  expect(nowhere).toMatchObject({ status: 404, method: "GET" })
  expect(nowhere).not.toHaveProperty("route")
})

it("bytes are those of the answer's body: none for HEAD", async () => {
  const { url, lineAfter } = await logged({ loadsFixtures: false })
  const client = new Client(url)
  let length = 0
  const line = await lineAfter(async () => {
    length = JSON.stringify((await client.get("/healthz")).body).length
  })
  expect(line).toMatchObject({ bytes: length })
  const head = "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
  expect(await lineAfter(() => sendRaw(url, head))).toMatchObject({ method: "HEAD", status: 200, bytes: 0 })
})

it("an error of the server's own has a line with the answer's id, and the request's", async () => {
  const { url, lineAfter, lines, breakStore } = await breakable()
  const owner = await Client.signedIn(url, "owner")
  breakStore()
  let instance = ""
  const request = await lineAfter(async () => {
    const { status, body } = await owner.get("/api/treasures")
    expect(status).toBe(500)
    instance = body.instance
  })
  expect(request).toMatchObject({ level: "error", status: 500, route: "/api/treasures" })
  const error = lines().find(({ event }) => event === "error")
  expect(error).toMatchObject({
    level: "error",
    requestId: request["requestId"],
    traceId: request["traceId"],
    error: expect.stringMatching(/^Error: no such table: treasure\n +at /),
  })
  expect(`urn:uuid:${String(error?.["id"])}`).toBe(instance)
})

it("a client that leaves early has a line that says so, without a status", async () => {
  const { url, lineAfter } = await logged()
  const owner = await Client.signedIn(url, "owner")
  const line = await lineAfter(async () => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1")
    const head = `POST /api/treasures HTTP/1.1\r\nHost: x\r\nCookie: ${owner.cookie}\r\nOrigin: ${url}\r\n`
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`)
    await new Promise((resolve) => socket.end(() => resolve(undefined)))
    socket.destroy()
  })
  expect(line).toMatchObject({ cut: true, method: "POST" })
  expect(line).not.toHaveProperty("status")
})

it("requests have lines also while the store is waited for", async () => {
  const texts: Array<string> = []
  const stopping = new AbortController()
  const waiting = Promise.withResolvers<string>()
  const url = `mongodb://127.0.0.1:${await freePort()}/treasures`
  const starting = startDemo(
    { ...local, store: { kind: "mongodb", url }, log: "info" },
    { signal: stopping.signal, onWaiting: waiting.resolve, writeLog: (line) => texts.push(line) },
  )
  const [address = ""] = /http[^\s,]+/.exec(await waiting.promise) ?? []
  expect((await new Client(address).get("/api/me")).status).toBe(503)
  stopping.abort()
  await expect(starting).rejects.toThrow("aborted")
  expect(texts.map((text) => JSON.parse(text) as object)).toMatchObject([
    { level: "error", method: "GET", status: 503 },
  ])
})

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const parentId = "00f067aa0ba902b7"

it.each([
  ["of version 00", `00-${traceId}-${parentId}-01`],
  ["that is not sampled", `00-${traceId}-${parentId}-00`],
  ["of a later version", `cc-${traceId}-${parentId}-01`],
  ["of a later version with more to it", `cc-${traceId}-${parentId}-01-what-comes-later`],
])("W3C Trace Context §3.2: a traceparent %s gives the trace, and the caller's span", async (_, traceparent) => {
  const { url, lineAfter } = await logged({ loadsFixtures: false })
  const line = await lineAfter(() => new Client(url, { traceparent }).get("/healthz"))
  expect(line).toMatchObject({ traceId, parentId })
  expect(line["spanId"]).not.toBe(parentId)
})

it.each([
  ["of the forbidden version", `ff-${traceId}-${parentId}-01`],
  ["of version 00 with more to it", `00-${traceId}-${parentId}-01-more`],
  ["in upper case", `00-${traceId.toUpperCase()}-${parentId}-01`],
  ["without a trace", `00-${"0".repeat(32)}-${parentId}-01`],
  ["without a span", `00-${traceId}-${"0".repeat(16)}-01`],
  ["that is too short", `00-${traceId}-${parentId}`],
  ["of a later version that runs on", `cc-${traceId}-${parentId}-01more`],
  ["that is given twice", `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01`],
])("W3C Trace Context §3.2: a traceparent %s is ignored, and a trace begins", async (_, traceparent) => {
  const { url, lineAfter } = await logged({ loadsFixtures: false })
  const line = await lineAfter(() => new Client(url, { traceparent }).get("/healthz"))
  expect(line["traceId"]).toMatch(/^[0-9a-f]{32}$/)
  expect(line["traceId"]).not.toBe(traceId)
  expect(line).not.toHaveProperty("parentId")
})

it("a request that tries a password names the account by its id, or by a hash that only this process can make", async () => {
  const { demo, url, texts, lineAfter } = await logged()
  const account = await demo.store.accounts.findByEmail("owner@example.test")
  const tried = async (email: string, path: string) => {
    const credentials = { email, password: "wrong" }
    const ask = () =>
      path === "/login" ? new Browser(url).post(path, credentials) : new Client(url).post(path, credentials)
    return (await lineAfter(ask))["triedAccount"]
  }
  for (const path of ["/login", "/api/session"]) {
    expect(await tried("Owner@example.test", path)).toBe(account?.id)
    const unknown = await tried("nobody@example.test", path)
    expect(unknown).toMatch(/^unknown:[\w-]{12}$/)
    expect(await tried("NOBODY@example.test", path)).toBe(unknown)
    expect(await tried("somebody@example.test", path)).not.toBe(unknown)
    const hash = createHash("sha256").update("nobody@example.test").digest("base64url")
    expect(hash).not.toContain(String(unknown).slice("unknown:".length))
  }
  expect(texts.join("")).not.toContain("@example")
  expect(await lineAfter(() => new Client(url).get("/healthz"))).not.toHaveProperty("triedAccount")
})

it.each([
  ["203.0.113.7:50000", "203.0.113.7"],
  ["[2001:db8::1]:443", "2001:db8::1"],
  ["::ffff:c000:201", "192.0.2.1"],
  ["fe80::1%eth0", "fe80::1"],
  ["unknown", "127.0.0.1"],
])("the address that a proxy writes as %s is %s", async (forwarded, address) => {
  const { url, lineAfter } = await logged({ loadsFixtures: false, trustedProxies: 1 })
  const line = await lineAfter(() => new Client(url, { "X-Forwarded-For": forwarded }).get("/healthz"))
  expect(line["address"]).toBe(address)
})

it("LOG=off leaves out the requests, and still tells of errors", async () => {
  const { url, lines, breakStore } = await breakable({ log: "off" })
  const owner = await Client.signedIn(url, "owner")
  breakStore()
  expect((await owner.get("/api/treasures")).status).toBe(500)
  await sendRaw(url, "no HTTP\r\n\r\n")
  expect(lines()).toMatchObject([{ event: "error", id: expect.stringMatching(uuid) }])
})

/** Where a client may put a token, in a request that is otherwise as the route wants it, or not. */
const places: ReadonlyArray<readonly [string, (token: string) => { target?: string; fields?: string; body?: string }]> =
  [
    ["nowhere else", () => ({})],
    ["the path", (token) => ({ target: `/${token}` })],
    ["the query", (token) => ({ target: `?access_token=${token}&cursor=${token}&${token}=1` })],
    ["the cookies", (token) => ({ fields: `Cookie: tokenry_demo_session=${token}; ${token}=${token}\r\n` })],
    ["the user agent", (token) => ({ fields: `User-Agent: ${token}\r\nReferer: http://x/${token}\r\n` })],
    ["a field's name", (token) => ({ fields: `${token}: 1\r\nX-${token}: ${token}\r\n` })],
    ["the trace", (token) => ({ fields: `traceparent: 00-${token}-${token}-01\r\ntracestate: a=${token}\r\n` })],
    ["what proxies tell", (token) => ({ fields: `X-Forwarded-For: ${token}\r\nX-Request-Id: ${token}\r\n` })],
    ["a proxy's address", (token) => ({ fields: `X-Forwarded-For: fe80::1%${token.slice("tcp_".length)}\r\n` })],
    ["the origin", (token) => ({ fields: `Origin: http://${token}.example\r\n` })],
    [
      "a JSON body",
      (token) => ({ fields: json, body: JSON.stringify({ [token]: token, name: token, scopes: [token] }) }),
    ],
    ["a body that isn't JSON", (token) => ({ fields: json, body: token })],
    ["a form", (token) => ({ fields: form, body: `token=${token}&token_type_hint=${token}` })],
    ["a form that is none", (token) => ({ fields: form, body: `token=${token}&token=${token}&${token}` })],
  ]
const json = "Content-Type: application/json\r\n"
const form = "Content-Type: application/x-www-form-urlencoded\r\n"

const requestsWith = (token: string): ReadonlyArray<string> =>
  declaredRoutes.flatMap(({ method, path }) =>
    places.flatMap(([, place]) => {
      const { target = "", fields = "", body = "" } = place(token)
      const filled = path.replace(/:\w+/, token) + target
      const rest = `${fields}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
      const head = `${method} ${filled} HTTP/1.1\r\nHost: ${token}.example\r\n`
      return [`${head}Authorization: Bearer ${token}\r\n${rest}`, `${head}Authorization: Basic ${token}\r\n${rest}`]
    }),
  )

/** Bytes of which Node's parser makes no request, and the status that they get. */
const unparsableWith = (token: string): ReadonlyArray<readonly [status: number, bytes: string]> => [
  [400, `${token} / HTTP/1.1\r\nHost: x\r\n\r\n`],
  [400, `GET / ${token}\r\nHost: x\r\n\r\n`],
  [400, `GET / HTTP/1.1\r\nHost: x\r\n${token} : ${token}\r\n\r\n`],
  [400, `GET / HTTP/1.1\r\nHost: x\r\nContent-Length: ${token}\r\n\r\n`],
  [431, `GET /?${token} HTTP/1.1\r\nHost: x\r\n${`X-${token}: ${token}\r\n`.repeat(400)}\r\n`],
]

/** The token and its hashes, as they could be written. */
const formsOf = (token: string): ReadonlyArray<string> => {
  const hash = createHash("sha256").update(token).digest()
  const written = (["hex", "base64", "base64url"] as const).map((encoding) => hash.toString(encoding))
  return [token.slice("tcp_".length), Buffer.from(token).toString("base64url").slice(0, -2), ...written]
}

const expectNone = (text: string, token: string) => {
  // Names of fields come in lower case.
  for (const secret of formsOf(token)) expect(text.toLowerCase().includes(secret.toLowerCase())).toBe(false)
}

it("no line holds the token or a digest of it, wherever it was put, on any route", async () => {
  const process = await startDemoProcess({ STORE_URL: "memory:", TRUSTED_PROXIES: "1", FIXTURES: "1" })
  const owner = await Client.signedIn(process.url, "owner")
  const everything = ["treasure:edit", "treasure:create", "treasure:delete"]
  const { plaintext: token, token: details } = await owner.issue({ scopes: everything })
  const linesOf = (event: string) => process.output().split(`"event":"${event}"`).length - 1
  await waitFor(() => expect(linesOf("request")).toBe(2))

  const requests = requestsWith(token)
  const statuses = new Set<string>()
  for (const request of requests) statuses.add((await sendRaw(process.url, request)).slice(9, 12))
  expect([...statuses]).toEqual(expect.arrayContaining(["200", "400", "401", "403", "404", "415"]))
  await sendRaw(process.url, `GET http://[/${token} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await sendRaw(process.url, `GET http://${token}@x/${token} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await waitFor(() => expect(linesOf("request")).toBe(2 + requests.length + 2))

  const unparsable = unparsableWith(token)
  for (const [status, bytes] of unparsable) expect(await sendRaw(process.url, bytes)).toContain(`HTTP/1.1 ${status} `)
  await waitFor(() => expect(linesOf("unparsable")).toBe(unparsable.length))

  const [curl = ""] = /^.*curl.*$/m.exec(process.output()) ?? []
  const printed = process.output().replace(curl, "").replace(`The password is ${fixturePassword}`, "")
  expectNone(printed, token)
  expectNone(printed, /Bearer (\S+)'/.exec(curl)?.[1] ?? "")
  expectNone(printed, owner.cookie.replace("tokenry_demo_session=", "tcp_"))
  expect(printed).not.toContain(fixturePassword)
  expect(/tcp_\w{10}/i.test(printed)).toBe(false)
  expect(printed).toContain(`"tokenId":"${details.id}"`)
})

it("nor while the store is gone, and everything fails", async () => {
  const { demo, url, texts, lines } = await logged()
  const owner = await Client.signedIn(url, "owner")
  const { plaintext: token } = await owner.issue()
  await demo.store.close()
  const before = texts.length
  const requests = requestsWith(token)
  for (const request of requests) await sendRaw(url, request)
  await waitFor(() =>
    expect(
      lines()
        .slice(before)
        .filter(({ event }) => event === "request"),
    ).toHaveLength(requests.length),
  )
  expect(lines().filter(({ status }) => Number(status) >= 500).length).toBeGreaterThan(50)
  expect(lines().some(({ event }) => event === "error")).toBe(true)
  expectNone(texts.join("\n"), token)
})
