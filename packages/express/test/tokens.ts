/** Tokens in memory, and a server on a free port. */
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"

const catalogue = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:delete": "Throw treasures away",
})

export const openTokens = () => createApiTokens({ repository: MemoryRepository.layer, catalogue })

/** Serves on 127.0.0.1 until it is disposed of; `ask` sends one request. */
export const serve = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ask: async (path: string, init: RequestInit = {}) => {
      const response = await fetch(base + path, init)
      return { status: response.status, headers: response.headers, body: await response.text() }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

/** The headers of a request with this token. */
export const withToken = (plaintext: string) => ({ headers: { Authorization: `Bearer ${plaintext}` } })
