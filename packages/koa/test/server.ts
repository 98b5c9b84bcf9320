/**
 * A real server on a free port, and requests to it as bytes, because a client library would hide what is tested here.
 */
import { once } from "node:events"
import { createServer } from "node:http"
import { connect } from "node:net"
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import type { BearerOptions } from "@tokenry/koa"

export const scopes = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
  "treasure:delete": "Throw treasures away",
})

export type Scope = typeof scopes extends ScopeCatalogue<infer S> ? S : never

/** Tokens with only `verify`, which returns what the test specifies. */
export const tokensThat = (verify: PromiseApiTokens<Scope>["verify"]): BearerOptions<Scope>["tokens"] => ({
  catalogue: scopes,
  verify,
  authorize: () => ({ granted: true }),
})

export const openTokens = () => createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })

/** Anything that provides a listener for Node's server: an application with any state and context. */
interface Application {
  readonly callback: () => Parameters<typeof createServer>[1]
}

/** Serves on 127.0.0.1 until it is disposed of. */
export const listen = async (app: Application) => {
  const server = createServer(app.callback())
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

export interface Request {
  readonly method?: string
  readonly path?: string
  /** Each value becomes a header line. */
  readonly authorization?: ReadonlyArray<string>
  /** Whole lines. */
  readonly headers?: ReadonlyArray<string>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  /** By lower-case name; repeated ones are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The response as received, except for the value of Date. */
  readonly bytes: string
}

/** Sends one request, byte for byte in Latin-1, and reads the complete response. */
export const request = async (port: number, options: Request = {}): Promise<Answer> => {
  const { method = "GET", path = "/", authorization = [], headers = [], body = "" } = options
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: close",
    ...authorization.map((value) => `Authorization: ${value}`),
    ...headers,
    ...(body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  const socket = connect(port, "127.0.0.1")
  socket.setTimeout(100_000, () => socket.destroy(new Error("No answer within 100 s")))
  const chunks: Array<Buffer> = []
  socket.on("data", (chunk) => chunks.push(chunk))
  socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1")
  if (body !== "") socket.write(body)
  await once(socket, "close")
  return parse(Buffer.concat(chunks).toString())
}

const parse = (bytes: string): Answer => {
  const headEnd = bytes.indexOf("\r\n\r\n")
  const [statusLine = "", ...lines] = bytes.slice(0, headEnd).split("\r\n")
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(":")).toLowerCase()
    const value = line.slice(line.indexOf(":") + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return {
    status: Number(statusLine.split(" ")[1]),
    headers,
    body: bytes.slice(headEnd + 4),
    bytes: bytes.replace(/^Date: .*$/m, "Date:"),
  }
}
