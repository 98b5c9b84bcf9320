/** Closes a server's connections: idle ones at once, the others after their response. */
import { once } from "node:events"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

export interface Connections {
  /**
   * Stops accepting connections and resolves when the last one is closed: idle ones at once, those still receiving a
   * request after a second, and all others after their response or three seconds. Aborting `hasten` shortens that to
   * half a second.
   */
  readonly close: (hasten: AbortSignal) => Promise<void>
}

const [bodyMilliseconds, answerMilliseconds, hastenedMilliseconds] = [1000, 3000, 500] as const

/** Call it before the server listens, to track all of its connections and requests. */
export const watchConnections = (server: Server): Connections => {
  /** The requests in progress on each open connection. */
  const open = new Map<Socket, Set<IncomingMessage>>()
  let isClosing = false

  server.on("connection", (socket: Socket) => {
    open.set(socket, new Set())
    socket.once("close", () => open.delete(socket))
  })
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const requests = open.get(socket)
    requests?.add(request)
    response.once("close", () => {
      requests?.delete(request)
      if (isClosing && requests?.size === 0) socket.end()
    })
  })

  const closeThose = (isOver: (requests: ReadonlySet<IncomingMessage>) => boolean): void => {
    for (const [socket, requests] of open) if (isOver(requests)) socket.destroy()
  }

  return {
    close: async (hasten) => {
      isClosing = true
      if (!server.listening) return
      const closed = once(server, "close")
      server.close()
      closeThose((requests) => requests.size === 0)
      const timers = [
        setTimeout(() => closeThose(isIncomplete), bodyMilliseconds),
        setTimeout(() => server.closeAllConnections(), answerMilliseconds),
      ]
      const hurry = () => void timers.push(setTimeout(() => server.closeAllConnections(), hastenedMilliseconds))
      if (hasten.aborted) hurry()
      else hasten.addEventListener("abort", hurry, { once: true })
      await closed
      hasten.removeEventListener("abort", hurry)
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

/** Whether part of a request's body is still missing. */
const isIncomplete = (requests: ReadonlySet<IncomingMessage>): boolean =>
  [...requests].some((request) => !request.complete)
