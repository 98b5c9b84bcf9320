import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it, vi } from "@effect/vitest"
import Koa from "koa"
import { request } from "./server.ts"

it("the README begins with a server that runs", async () => {
  const servers: Array<Server> = []
  vi.spyOn(Koa.prototype, "listen").mockImplementation(function (this: Koa) {
    const server = createServer(this.callback()).listen(0, "127.0.0.1")
    servers.push(server)
    return server
  })
  const log = vi.spyOn(console, "log").mockReturnValue()
  await import("./readmeServer.ts")
  const [server] = servers
  if (server === undefined) throw new Error("The example did not listen")
  if (!server.listening) await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const token = /Bearer (\w+)/.exec(String(log.mock.calls[0]?.[0]))?.[1]
  expect(await request(port, { authorization: [`Bearer ${token}`] })).toMatchObject({
    status: 200,
    body: "The treasures of user-1\n",
  })
  expect(await request(port)).toMatchObject({ status: 401 })
  server.close()
})

it("the README shows the server that is tested", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const source = readFileSync(new URL("readmeServer.ts", import.meta.url), "utf8")
  expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(source)
})
