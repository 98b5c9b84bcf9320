/** That a signal ends the process soon and orderly, whatever clients do. */
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { Client, credentialsOf } from "./Client.ts"
import { type DemoProcess, endAll, startDemoProcess } from "./demoProcess.ts"
import { temporaryFolder } from "./demos.ts"

afterEach(endAll)

/** A connection that has sent these bytes. */
const connection = async ({ url }: DemoProcess, bytes: string): Promise<Socket> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  socket.on("error", () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, "connect")
  if (bytes !== "") socket.write(bytes)
  return socket
}

const head = "POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

describe("a signal to stop", () => {
  it("ends connections without a complete request, whatever their clients wait for", async () => {
    const demo = await startDemoProcess({ STORE_URL: "memory:" })
    const sockets = [
      await connection(demo, ""),
      await connection(demo, "GET /api/me HTTP/1.1\r\nHo"),
      await connection(demo, `${head}Content-Length: 100\r\n\r\n{"email":`),
      await connection(demo, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
    ]
    const closed = sockets.map((socket) => once(socket.resume(), "close"))
    await new Client(demo.url).get("/healthz")
    expect(await demo.end()).toBe(0)
    await Promise.all(closed)
  })

  it("answers readyz with 503 and all else as ever for DRAIN_SECONDS, and writes down what uses have gathered first", async () => {
    const filename = join(temporaryFolder(), "treasures.sqlite")
    const demo = await startDemoProcess({ STORE_URL: `sqlite:${filename}`, DRAIN_SECONDS: "900" })
    const client = new Client(demo.url)
    const program = client.withToken(/Bearer (\S+)'/.exec(demo.output())?.[1] ?? "")
    expect((await program.get("/api/treasures")).status).toBe(200)
    expect((await client.get("/readyz")).status).toBe(200)
    process.kill(demo.pid, "SIGTERM")
    await vi.waitFor(async () => expect((await client.get("/readyz")).status).toBe(503), { timeout: 200_000 })
    const answer = await client.get("/readyz")
    expect(answer.headers.get("Retry-After")).toBe("5")
    expect(answer.body.detail).toContain("shutting down")
    expect((await client.get("/healthz")).status).toBe(200)
    const used = await program.get("/api/treasures")
    expect([used.status, used.headers.get("Connection")]).toEqual([200, "close"])
    await vi.waitFor(() => expect(usesIn(filename)).toBe(1), { timeout: 200_000 })
    // A kill now would lose the second use alone.
    expect(await demo.end("SIGTERM")).toBe(0)
    expect(usesIn(filename)).toBe(2)
  })

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "a second one, %s, hastens it and loses nothing",
    async (signal) => {
      const filename = join(temporaryFolder(), "treasures.sqlite")
      const demo = await startDemoProcess({ STORE_URL: `sqlite:${filename}`, DRAIN_SECONDS: "900" })
      const program = new Client(demo.url).withToken(/Bearer (\S+)'/.exec(demo.output())?.[1] ?? "")
      process.kill(demo.pid, signal)
      await vi.waitFor(async () => expect((await program.get("/readyz")).status).toBe(503), { timeout: 200_000 })
      expect((await program.get("/api/treasures")).status).toBe(200)
      expect(await demo.end(signal)).toBe(0)
      expect(usesIn(filename)).toBe(1)
    },
  )
})

const usesIn = (filename: string): number => {
  const database = new DatabaseSync(filename, { readOnly: true })
  try {
    return Number(database.prepare("SELECT coalesce(sum(count), 0) AS uses FROM api_token_usage").get()?.["uses"])
  } finally {
    database.close()
  }
}

describe("Expect: 100-continue (RFC 9110 §10.1.1)", () => {
  it("has a refused token answered with its final status at once, and the connection ends", async () => {
    const demo = await startDemoProcess({ STORE_URL: "memory:" })
    const expecting = "Content-Length: 20\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\r\n"
    const socket = await connection(
      demo,
      `POST /api/tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer tcp_wrong\r\n${expecting}`,
    )
    const [answer] = (await once(socket, "data")) as [Buffer]
    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 .*\r\nConnection: close\r\n/s)
    await once(socket.resume(), "close")
  })

  it("has a body that somebody reads asked for", async () => {
    const demo = await startDemoProcess({ STORE_URL: "memory:" })
    const body = JSON.stringify(credentialsOf("owner"))
    const socket = await connection(demo, `${head}Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`)
    expect(String((await once(socket, "data"))[0])).toBe("HTTP/1.1 100 Continue\r\n\r\n")
    socket.write(body)
    const answer = String((await once(socket, "data"))[0])
    expect(answer).toMatch(/^HTTP\/1\.1 204 /)
    expect(answer).toMatch(/\r\nConnection: keep-alive\r\n/)
    expect(answer).toMatch(/\r\nKeep-Alive: timeout=65\r\n/)
    socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1\.1 200 /)
  })
})
