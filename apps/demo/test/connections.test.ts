/** When a server that stops ends each connection. The timers are the test's; the sockets are real. */
import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { beforeEach, expect, it, onTestFinished, vi } from "vitest"
import { watchConnections } from "../src/http/stopping.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  return () => void vi.useRealTimers()
})

const aServer = async () => {
  const responses: Array<ServerResponse> = []
  const server = createServer((_, response) => responses.push(response))
  const connections = watchConnections(server)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => server.closeAllConnections())
  const { port } = server.address() as AddressInfo

  /** A connection that has sent this, and whether it has ended. */
  const connection = async (bytes: string) => {
    const accepted = once(server, "connection") as Promise<[Socket]>
    const socket = connect(port, "127.0.0.1")
    const [itsOtherEnd] = await accepted
    const received =
      bytes === ""
        ? undefined
        : once(bytes.includes("\r\n\r\n") ? server : itsOtherEnd, bytes.includes("\r\n\r\n") ? "request" : "data")
    if (bytes !== "") socket.write(bytes)
    await received
    const state = { isClosed: false, closed: once(socket.resume(), "close"), received: "" }
    socket.on("data", (data: Buffer) => void (state.received += data.toString()))
    socket.on("close", () => void (state.isClosed = true))
    return state
  }
  return { connections, connection, responses }
}

const never = new AbortController().signal
const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
const halfABody = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"

it("idle connections end at once, and busy ones after their response", async () => {
  const { connections, connection, responses } = await aServer()
  const silent = await connection("")
  const halfAHead = await connection("GET / HT")
  const asking = await connection(request)
  const closing = connections.close(never)
  await Promise.all([silent.closed, halfAHead.closed])
  expect(asking.isClosed).toBe(false)
  responses[0]?.end("done")
  await asking.closed
  expect(asking.received).toContain("done")
  await closing
})

it("a request without its body gets one second, and an unanswered one three", async () => {
  const { connections, connection } = await aServer()
  const incomplete = await connection(halfABody)
  const unanswered = await connection(request)
  const closing = connections.close(never)
  vi.advanceTimersByTime(999)
  expect([incomplete.isClosed, unanswered.isClosed]).toEqual([false, false])
  vi.advanceTimersByTime(1)
  await incomplete.closed
  expect(unanswered.isClosed).toBe(false)
  vi.advanceTimersByTime(2000)
  await Promise.all([unanswered.closed, closing])
})

it("hastened, all of them end half a second later", async () => {
  for (const hastenFirst of [true, false]) {
    const { connections, connection } = await aServer()
    const unanswered = await connection(request)
    const hasten = new AbortController()
    if (hastenFirst) hasten.abort()
    const closing = connections.close(hasten.signal)
    if (!hastenFirst) hasten.abort()
    vi.advanceTimersByTime(500)
    await Promise.all([unanswered.closed, closing])
  }
})

it("a connection that stays open takes no further request", async () => {
  const { connections, connection, responses } = await aServer()
  const asking = await connection(request)
  const closing = connections.close(never)
  responses[0]?.writeHead(200, { "Content-Length": 4 }).end("done")
  await Promise.all([asking.closed, closing])
})
