/** Sends requests to a server as bytes, because a client library would hide what the rules check. */
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import { connect } from "node:net"

export interface WireAnswer {
  readonly status: number
  /** By lower-case name, each with all its values. */
  readonly headers: ReadonlyMap<string, ReadonlyArray<string>>
  readonly body: string
  /** The response as received, except for the value of Date. */
  readonly bytes: string
}

/** How long a request may take to arrive completely, in milliseconds. Then Node cuts the connection. */
const requestTimeout = 10_000

/** Serves on 127.0.0.1 until it is disposed of. */
export const serve = async (listener: RequestListener) => {
  const server = createServer({ requestTimeout, keepAliveTimeout: 5000, connectionsCheckingInterval: 250 }, listener)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("The server has no port")
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

/** A connection that is still open after this many milliseconds counts as hung. */
const patience = 100_000

/** Sends these bytes in Latin-1, and reads until the server ends the connection. Drops anything after the first response. */
export const exchange = async (port: number, bytes: string): Promise<WireAnswer> => {
  const socket = connect(port, "127.0.0.1")
  socket.setTimeout(patience, () => socket.destroy(new Error(`The connection is open after ${patience} ms`)))
  let received = ""
  socket.setEncoding("latin1")
  socket.on("data", (chunk: string) => (received += chunk))
  socket.write(bytes, "latin1")
  await once(socket, "close")
  return parseAnswer(received)
}

/** Parses the first response. */
export const parseAnswer = (received: string): WireAnswer => {
  const headEnd = received.indexOf("\r\n\r\n")
  const [statusLine = "", ...lines] = received.slice(0, headEnd).split("\r\n")
  const headers = new Map<string, ReadonlyArray<string>>()
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(":")).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(line.indexOf(":") + 1).trim()])
  }
  const end = headEnd + 4 + Number(headers.get("content-length")?.[0] ?? received.length)
  return {
    status: Number(statusLine.split(" ")[1]),
    headers,
    body: Buffer.from(received.slice(headEnd + 4, end), "latin1").toString(),
    bytes: received.slice(0, end).replace(/^Date: .*$/m, "Date:"),
  }
}
