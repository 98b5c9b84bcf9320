/** The two servers to compare, in a process of their own: the same response with and without authentication. */
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer } from "@tokenry/koa"
import Koa from "koa"
import koaJwt from "koa-jwt"
import * as byHand from "./byHand.ts"
import { few, requirement, scopes } from "./setting.ts"
import { jwts } from "./jwts.ts"
import { prepare } from "./trial.ts"

/** The server's message once it listens: its address, and the headers to send. */
export interface Listening {
  readonly url: string
  readonly good: ReadonlyArray<string>
  readonly bad: ReadonlyArray<string>
}

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

const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
const { plaintexts, revoked, trial } = await prepare(tokens, few)

const ours = () => {
  const guard = bearer({ tokens, realm: "bench", problemBase: "https://example.test/problems/" })
  return new Koa().use(guard.requireScopes(...requirement.scopes))
}

const handWritten = () => {
  const verify = byHand.verifierInMemory(byHand.tableOf(plaintexts, revoked))
  return new Koa().use(async (ctx, next) => {
    ctx.state["caller"] = await verify(ctx.headers.authorization)
    if (ctx.state["caller"] !== undefined) return next()
    ctx.status = 401
    ctx.set("WWW-Authenticate", 'Bearer realm="bench"')
  })
}

/** With a list of revoked ids, since otherwise nothing could be revoked. */
const withKoaJwt = () => {
  const isRevoked = async (_: unknown, { jti }: { readonly jti?: string }) =>
    jti !== undefined && issued.revokedIds.has(jti)
  return new Koa()
    .use(koaJwt({ secret: issued.secret, algorithms: ["HS256"], isRevoked }))
    .use((ctx, next) => (jwts.hasScope(ctx.state["user"]) ? next() : ctx.throw(403)))
}

const issued = await jwts.issue("HS256", few)
const kind = process.argv[2]
const apps = { bare: () => new Koa(), hand: handWritten, ours, koaJwt: withKoaJwt }
const app = apps[kind as keyof typeof apps]().use(answer)
app.silent = true
const server = app.listen(0, "127.0.0.1")
await once(server, "listening")

const sent = kind === "koaJwt" ? issued.trial : trial
process.send?.({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  good: sent.good,
  bad: [sent.malformed, sent.unknown, sent.revoked].map(([first]) => first as string),
} satisfies Listening)
process.on("message", () => process.send?.(process.cpuUsage()))
process.once("disconnect", () => process.exit())
