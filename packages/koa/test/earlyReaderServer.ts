/** A server whose earlier middleware treats the body as the request's `X-Case` says. Runs as a separate process. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import Koa, { type Context } from "koa"
import { revocation } from "@tokenry/koa"
import { openTokens } from "./server.ts"

const read = async (ctx: Context): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const leave = (ctx: Context, body: unknown) => void Object.assign(ctx.request, { body })

const cases: Record<string, (ctx: Context) => void | Promise<void>> = {
  strings: ({ req }) => void req.setEncoding("utf8").on("data", () => {}),
  hex: ({ req }) => void req.setEncoding("hex").on("data", () => {}),
  buffer: async (ctx) => leave(ctx, await read(ctx)),
  parameters: async (ctx) => leave(ctx, new URLSearchParams((await read(ctx)).toString())),
  text: async (ctx) => leave(ctx, (await read(ctx)).toString()),
  fields: async (ctx) => leave(ctx, Object.fromEntries(new URLSearchParams((await read(ctx)).toString()))),
  nowhere: async (ctx) => void (await read(ctx)),
  paused: ({ req }) => void req.pause(),
  error: ({ req }) => void req.once("data", () => req.emit("error", new Error("odd"))),
}

const tokens = await openTokens()
const app = new Koa()
  .use(async (ctx, next) => {
    const running = cases[ctx.get("X-Case")]?.(ctx)
    if (running !== undefined) await running
    return next()
  })
  .use(revocation({ tokens }))
  .use(revocation({ tokens, path: "/impatient", bodyTimeout: "20 millis" }))
  .use(async (ctx) => {
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    ctx.body = ctx.path === "/issue" ? plaintext : String((await tokens.verify(ctx.get("X-Token"))).accepted)
  })
const server = createServer(app.callback()).listen(0, "127.0.0.1")
await once(server, "listening")
console.log((server.address() as AddressInfo).port)
