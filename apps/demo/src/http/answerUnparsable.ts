/** The response to bytes that Node can't parse as a request, and that never reach Koa. */
import { STATUS_CODES } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { ProblemAnswers } from "@tokenry/http"
import { securityHeadersOf } from "./securityHeaders.ts"

/** For the server's `clientError` event. Closes the connection, because the start of the next request is unknown. */
export const answerUnparsable = (
  publicUrl: string,
  onAnswered: (status: number, address: string | undefined) => void,
): ((error: NodeJS.ErrnoException, socket: Duplex) => void) => {
  const { ofStatus } = ProblemAnswers.make({ problemBase: `${publicUrl}/problems/` })
  const securityHeaders = securityHeadersOf(publicUrl)
  return (error, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy()
    const status = statuses[error.code ?? ""] ?? 400
    onAnswered(status, socket instanceof Socket ? socket.remoteAddress : undefined)
    const phrase = STATUS_CODES[status] ?? ""
    const { headers, body } = ofStatus(status, phrase)
    const fields = {
      ...securityHeaders,
      ...headers,
      "Content-Length": String(Buffer.byteLength(body)),
      Connection: "close",
    }
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
    socket.end([`HTTP/1.1 ${status} ${phrase}`, ...lines, "", body].join("\r\n"))
  }
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}
