/** Tokens in memory, and requests to a recipe over a real socket. */
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { catalogue, type TreasureScope } from "../src/catalogue.ts"

export const openTokens = () => createApiTokens({ repository: MemoryRepository.layer, catalogue })

/** A token of user-1. */
export const issue = async (
  tokens: PromiseApiTokens<TreasureScope>,
  ...held: ReadonlyArray<TreasureScope>
): Promise<string> => (await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: held })).plaintext

/** The responses' status, headers and body, in the order of the requests. */
export const askWith = async (
  listener: RequestListener,
  ...requests: ReadonlyArray<readonly [path: string, init?: RequestInit | undefined]>
) => {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const answers = []
  for (const [path, init] of requests) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
    const body = await response.text()
    answers.push({
      status: response.status,
      headers: response.headers,
      body: body === "" ? undefined : JSON.parse(body),
    })
  }
  server.closeAllConnections()
  server.close()
  return answers
}

export const withToken = (token: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { ...(init.headers as Record<string, string>), Authorization: `Bearer ${token}` },
})
