/** Serves a `Request → Response` handler with node:http: the minimum needed to test over real sockets. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import { Readable } from "node:stream"

export type FetchHandler = (request: Request) => Promise<Response>

/** A handler that rejects, or a body that fails, ends the connection. */
export const nodeListener =
  (handler: FetchHandler): RequestListener =>
  (incoming, outgoing) => {
    handler(requestOf(incoming))
      .then((response) => write(response, incoming, outgoing))
      .catch(() => outgoing.destroy())
  }

const requestOf = (incoming: IncomingMessage): Request => {
  const { method = "GET", url = "/", rawHeaders } = incoming
  const headers = new Headers()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] as string, rawHeaders[index + 1] as string)
  }
  const hasBody = method !== "GET" && method !== "HEAD"
  return new Request(`http://127.0.0.1${url.startsWith("/") ? url : "/"}`, {
    method,
    headers,
    ...(hasBody ? { body: bodyOf(incoming), duplex: "half" } : {}),
  })
}

/** Reads only on demand, so that Node drains an unread body. */
const bodyOf = (incoming: IncomingMessage): ReadableStream =>
  Readable.toWeb(incoming, { strategy: { highWaterMark: 0 } }) as ReadableStream

const write = async (response: Response, { method }: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) outgoing.appendHeader(name, value)
  const body = Buffer.from(await response.arrayBuffer())
  if (response.body !== null && !outgoing.hasHeader("Content-Length")) outgoing.setHeader("Content-Length", body.length)
  outgoing.end(method === "HEAD" ? undefined : body)
}
