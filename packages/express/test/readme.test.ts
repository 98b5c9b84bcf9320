import { once } from "node:events"
import { readFileSync } from "node:fs"
import { type AddressInfo, Server } from "node:net"
import { expect, it, vi } from "@effect/vitest"

it("the README begins with a server that runs", async () => {
  const servers: Array<Server> = []
  // oxlint-disable-next-line typescript/unbound-method
  const { listen } = Server.prototype
  vi.spyOn(Server.prototype, "listen").mockImplementation(function (this: Server) {
    servers.push(this)
    return listen.call(this, { port: 0, host: "127.0.0.1" })
  })
  const log = vi.spyOn(console, "log").mockReturnValue()
  await import("./readmeServer.ts")
  const [server] = servers
  if (server === undefined) throw new Error("The example did not listen")
  if (!server.listening) await once(server, "listening")
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/treasures`
  const Authorization = /Bearer \w+/.exec(String(log.mock.calls[0]?.[0]))?.[0] ?? ""
  const answer = await fetch(url, { headers: { Authorization } })
  expect([answer.status, await answer.text()]).toEqual([200, "The treasures of user-1\n"])
  expect((await fetch(url)).status).toBe(401)
  server.close()
})

it("the README shows the server that is tested", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const source = readFileSync(new URL("readmeServer.ts", import.meta.url), "utf8")
  expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(source)
})
