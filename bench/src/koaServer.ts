/** The two servers to compare, in a process of their own: the same response with and without authentication. */
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer } from "@tokenry/koa"
import Koa from "koa"
import type { ServerMessage } from "./koa.ts"
import { request, requirement, scopes } from "./setting.ts"

const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
const { plaintext } = await tokens.issue(request)

/** A page of treasures, so that the response is as large as a real API's. */
const items = Array.from({ length: 20 }, (_, index) => ({
  id: `019470a0-0000-7000-9000-0000000000${String(index).padStart(2, "0")}`,
  name: "Chest of doubloons",
  value: 700,
  createdAt: new Date(Date.UTC(2025, 0, index + 1)),
}))

const answer: Koa.Middleware = (ctx) => {
  ctx.body = { items, nextCursor: null }
}

const listen = async (app: Koa): Promise<string> => {
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const bare = await listen(new Koa().use(answer))
const guard = bearer({ tokens, realm: "bench", problemBase: "https://example.test/problems/" })
const guarded = await listen(
  new Koa()
    .use(guard)
    .use(guard.requireScopes(...requirement.scopes))
    .use(answer),
)
process.send?.({ bare, guarded, plaintext } satisfies ServerMessage)
process.once("disconnect", () => process.exit())
