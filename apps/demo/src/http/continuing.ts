/** `Expect: 100-continue`: only asks for the body when something reads it (RFC 9110 §10.1.1). */
import type { IncomingMessage, Server, ServerResponse } from "node:http"

/**
 * Passes such requests to the server's request listeners. If one is answered without reading the body, for example
 * because its token is refused, the client gets the final status at once and the connection closes, since the client
 * may or may not send the body.
 */
export const continueOnRead = (server: Server): void => {
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    response.shouldKeepAlive = false
    const read = request._read.bind(request)
    request._read = (size) => {
      request._read = read
      // After a response Node reads and discards the rest of the request.
      if (!response.headersSent) {
        response.writeContinue()
        response.shouldKeepAlive = true
      }
      read(size)
    }
    server.emit("request", request, response)
  })
}
