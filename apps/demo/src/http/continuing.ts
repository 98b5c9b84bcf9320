/** `Expect: 100-continue`: asks for the body only when somebody reads it (RFC 9110 §10.1.1). */
import type { IncomingMessage, Server, ServerResponse } from "node:http"

/**
 * Hands such requests to the server's request listeners. One that is answered without its body being read, as with a
 * refused token, gets its final status at once, and its connection ends: the client may or may not send the body.
 */
export const continueOnRead = (server: Server): void => {
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    response.shouldKeepAlive = false
    const read = request._read.bind(request)
    request._read = (size) => {
      request._read = read
      // After an answer Node reads the rest of a request to throw it away.
      if (!response.headersSent) {
        response.writeContinue()
        response.shouldKeepAlive = true
      }
      read(size)
    }
    server.emit("request", request, response)
  })
}
