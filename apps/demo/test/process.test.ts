import { readFileSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { once } from "node:events"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, expect, it } from "vitest"
import { fixturePassword } from "../src/fixtures.ts"
import { Client, credentialsOf } from "./Client.ts"
import { endAll, runToEnd, startDemoProcess } from "./demoProcess.ts"
import { sharedStores, temporaryFolder } from "./demos.ts"
import { freePort } from "../../../tools/freePort.ts"

afterEach(endAll)

const newFile = () => join(temporaryFolder(), "treasures.sqlite")

it("the first start prints a curl line that works; the second changes nothing and prints none", async () => {
  const store = { STORE_URL: `sqlite:${newFile()}` }
  const first = await startDemoProcess(store)
  const [, token, address] = /curl -H 'Authorization: Bearer (\S+)' (\S+)/.exec(first.output()) ?? []
  expect((await new Client("").withToken(token as string).get(address as string)).body.items).toHaveLength(3)
  expect(await first.end()).toBe(0)

  const second = await startDemoProcess(store)
  expect(second.output()).not.toContain("curl")
  const owner = await Client.signedIn(second.url, "owner")
  expect((await owner.get("/api/treasures")).body.items).toHaveLength(3)
  expect(await owner.withToken(token as string).get("/api/treasures")).toMatchObject({ status: 200 })
})

it.each(sharedStores)("%s: tokens and sessions hold across a restart", async (_, url) => {
  const store = { STORE_URL: await url(), PORT: String(await freePort()) }
  const first = await startDemoProcess(store)
  const owner = await Client.signedIn(first.url, "owner")
  const { plaintext, token } = await owner.issue()
  expect(await first.end()).toBe(0)

  await startDemoProcess(store)
  expect((await owner.get("/api/me")).body).toMatchObject({ via: "session" })
  expect((await owner.withToken(plaintext).get("/api/me")).body).toMatchObject({ token: { id: token.id } })
})

it("a signal lets a request that runs finish, and ends the process with 0", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const demo = await startDemoProcess({ STORE_URL: "memory:" })
    // It has arrived before a later one is answered.
    const signingIn = new Client(demo.url).post("/api/session", credentialsOf("owner"))
    await new Client(demo.url).get("/healthz")
    expect(await demo.end(signal)).toBe(0)
    expect(await signingIn).toMatchObject({ status: 204 })
  }
})

it("killed in a burst of issuing: what was answered with 201 is there, and the database is intact", async () => {
  const filename = newFile()
  const store = { STORE_URL: `sqlite:${filename}` }
  const demo = await startDemoProcess(store)
  const owner = await Client.signedIn(demo.url, "owner")
  const acknowledged: Array<string> = []
  const enough = Promise.withResolvers<void>()
  const issueOn = async () => {
    for (;;) {
      acknowledged.push((await owner.issue()).plaintext)
      if (acknowledged.length >= 100) enough.resolve()
    }
  }
  const bursts = Array.from({ length: 8 }, () => issueOn().catch(() => {}))
  await enough.promise
  await demo.end("SIGKILL")
  await Promise.all(bursts)

  const again = await startDemoProcess(store)
  const client = new Client(again.url)
  for (const plaintext of acknowledged) {
    expect((await client.withToken(plaintext).get("/api/me")).status).toBe(200)
  }
  await again.end()
  const database = new DatabaseSync(filename)
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" })
  database.close()
})

it("neither the file nor what was printed holds a token, a session id or a password, but for the one curl line", async () => {
  const filename = newFile()
  const demo = await startDemoProcess({ STORE_URL: `sqlite:${filename}` })
  const owner = await Client.signedIn(demo.url, "owner")
  const { plaintext, token } = await owner.issue()
  const program = owner
    .withToken(plaintext)
    .withHeaders({ "User-Agent": plaintext, Cookie: `tokenry_demo_session=${plaintext}` })
  for (const path of ["/api/me", `/api/${plaintext}`, `/api/treasures?cursor=${plaintext}`]) await program.get(path)
  await program.post("/api/treasures", { [plaintext]: plaintext })
  await program.send("POST", "/api/treasures", plaintext)
  await owner.withHeaders({ "User-Agent": plaintext }).patch(`/api/tokens/${token.id}`, { name: "new name" })
  await sendRaw(demo.url, `GET http://[/?access_token=${plaintext} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await sendRaw(
    demo.url,
    `POST /api/treasures HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${plaintext}\r\n` +
      `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ${plaintext}\r\n\r\n`,
  )
  const sessionId = owner.cookie.split("=")[1] as string

  const stored = ["", "-wal"].map((suffix) => readFileSync(filename + suffix).toString("latin1")).join("")
  const [line] = /^.*curl.*$/m.exec(demo.output()) ?? []
  const printed = demo
    .output()
    .replace(line as string, "")
    .replace(`The password is ${fixturePassword}`, "")
  for (const [where, text] of Object.entries({ stored, printed })) {
    expect(text, `${where} holds a client's bytes`).not.toMatch(/rawPacket|access_token/)
    for (const secret of [plaintext, sessionId, fixturePassword, /Bearer (\S+)'/.exec(line as string)?.[1] as string]) {
      expect(text.includes(secret), `${where} holds a secret`).toBe(false)
    }
    expect(/tcp_\w{20}/.test(text), `${where} holds what looks like a token`).toBe(false)
  }
  expect(stored).toContain(token.id)
})

it.each(sharedStores)(
  "%s: two first starts at once fill the store once, and a revocation by one counts for the other at once",
  async (_, url) => {
    const store = { STORE_URL: await url() }
    const demos = await Promise.all([startDemoProcess(store), startDemoProcess(store)])
    expect(demos.map((demo) => demo.output().includes("curl")).filter(Boolean)).toEqual([true])
    const owners = await Promise.all(demos.map(({ url }) => Client.signedIn(url, "owner")))
    for (const owner of owners) {
      expect((await owner.get("/api/treasures")).body.items).toHaveLength(3)
      expect((await owner.get("/api/tokens")).body.items).toHaveLength(9)
    }

    const [owner, { url: otherUrl }] = [owners[0]!, demos[1]]
    const { plaintext, token } = await owner.issue()
    const elsewhere = new Client(otherUrl).withToken(plaintext)
    expect(await elsewhere.get("/api/treasures")).toMatchObject({ status: 200 })
    await owner.delete(`/api/tokens/${token.id}`)
    expect(await elsewhere.get("/api/treasures")).toMatchObject({ status: 401 })
    expect((await new Client(otherUrl, { Cookie: owner.cookie }).get("/api/me")).body).toMatchObject({ via: "session" })
  },
)

it("no fixtures are loaded on an address that others can reach, unless asked for", async () => {
  const exposed = await startDemoProcess({ STORE_URL: `sqlite:${newFile()}`, HOST: "0.0.0.0" })
  expect(exposed.output()).not.toContain("curl")
  const url = exposed.url.replace("0.0.0.0", "127.0.0.1")
  expect(await new Client(url).post("/api/session", credentialsOf("owner"))).toMatchObject({ status: 401 })
  const asked = await startDemoProcess({ STORE_URL: `sqlite:${newFile()}`, HOST: "0.0.0.0", FIXTURES: "1" })
  expect(asked.output()).toContain("curl")
})

it("a port in use is one clear line and exit code 1", async () => {
  const taken = createServer().listen(0, "127.0.0.1")
  await once(taken, "listening")
  const { port } = taken.address() as { port: number }
  await expectOneLine(
    { STORE_URL: "memory:", PORT: String(port) },
    /^Port \d+ on 127\.0\.0\.1 is already in use\. Stop .*PORT/,
  )
  taken.close()
})

it("a database of a later version is one clear line and exit code 1", async () => {
  const filename = newFile()
  await (await startDemoProcess({ STORE_URL: `sqlite:${filename}` })).end()
  const database = new DatabaseSync(filename)
  database.exec("INSERT INTO tokenry_migration (version, name, applied_at) VALUES (999, 'from the future', 0)")
  database.close()
  await expectOneLine({ STORE_URL: `sqlite:${filename}` }, /newer/)
})

const noDatabase = (): string => {
  const filename = join(temporaryFolder(), "notes.txt")
  writeFileSync(filename, "This is no database, but long enough to be looked at as one. ".repeat(20))
  return filename
}

it.each([
  ["a file that isn't a database", { STORE_URL: `sqlite:${noDatabase()}` }, /notes\.txt.* no(t a)? .*database/i],
  ["a folder in place of a file", { STORE_URL: `sqlite:${temporaryFolder()}` }, /folder|directory|opened/],
  ["a place where nothing can be written", { STORE_URL: "sqlite:/proc/nowhere/treasures.sqlite" }, /\/proc\/nowhere/],
  ["a host that is elsewhere", { HOST: "192.0.2.1" }, /^HOST 192\.0\.2\.1 is not an address of this machine/],
  ["a setting that is wrong", { STORE_URL: "mongodb://user:hid@den:hidden@/x" }, /^STORE_URL must be like mongo/],
])("%s is one clear line and exit code 1", (_, environment, line) =>
  expectOneLine({ STORE_URL: "memory:", ...environment }, line),
)

const expectOneLine = async (environment: Record<string, string>, line: RegExp): Promise<void> => {
  const { code, output } = await runToEnd(environment)
  expect({ code, lines: output.trim().split("\n") }).toMatchObject({ code: 1, lines: [expect.stringMatching(line)] })
  expect(output).not.toContain("hidden")
}

/** Sends these very bytes and waits until the server has answered, or ended the connection. */
const sendRaw = async (url: string, bytes: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes))
  const [data] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as [Buffer | boolean]
  socket.destroy()
  return data.toString()
}
