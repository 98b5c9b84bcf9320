/**
 * Two copies of every package in one process, as hoisting and bundlers can produce. One copy's guard admits a request,
 * the other copy's route requires a scope, and `tokens` come from either core.
 */
import * as core from "@tokenry/core"
import * as promise from "@tokenry/core/promise"
import * as express from "@tokenry/express"
import * as fastify from "@tokenry/fastify"
import * as fetching from "@tokenry/fetch"
import * as hono from "@tokenry/hono"
import * as koa from "@tokenry/koa"
import expressApp from "express"
import fastifyApp from "fastify"
import { Hono } from "hono"
import Koa from "koa"
import assert from "node:assert/strict"
import type { AddressInfo, Server } from "node:net"

/** The same module from the other copy. */
const copyOf = async <M>(_: M, path: string): Promise<M> =>
  (await import(new URL(`second/node_modules/@tokenry/${path}`, import.meta.url).href)) as M

const first = { core, promise, express, fastify, fetching, hono, koa }
const second: typeof first = {
  core: await copyOf(core, "core/dist/index.js"),
  promise: await copyOf(promise, "core/dist/promise.js"),
  express: await copyOf(express, "express/dist/index.js"),
  fastify: await copyOf(fastify, "fastify/dist/index.js"),
  fetching: await copyOf(fetching, "fetch/dist/index.js"),
  hono: await copyOf(hono, "hono/dist/index.js"),
  koa: await copyOf(koa, "koa/dist/index.js"),
}
assert.notEqual(first.koa.bearer, second.koa.bearer)

const scopesOf = { "treasure:read": "See your treasures", "treasure:delete": "Delete treasures" }

type Asking = (plaintext: string | undefined, method: "GET" | "DELETE") => Promise<Response>

const headersOf = (plaintext: string | undefined) =>
  plaintext === undefined ? undefined : { Authorization: `Bearer ${plaintext}` }

const overSocket = async (server: Server): Promise<Asking> => {
  server.unref()
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return (plaintext, method) => fetch(url, { method, headers: { Connection: "close", ...headersOf(plaintext) } })
}

for (const { core, promise } of [first, second]) {
  const catalogue = core.ScopeCatalogue.make(scopesOf)
  const tokens = await promise.createApiTokens({ repository: core.MemoryRepository.layer, catalogue })
  const options = { tokens, realm: "treasures" }
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })

  const applications: Readonly<Record<string, () => Promise<Asking>>> = {
    koa: async () => {
      const route = second.koa.bearer(options)
      const routes = { GET: route.requireScopes("treasure:read"), DELETE: route.requireScopes("treasure:delete") }
      const app = new Koa()
        .use(first.koa.bearer(options))
        .use((ctx, next) => (ctx.method === "GET" ? routes.GET(ctx, next) : routes.DELETE(ctx, next)))
        .use((ctx) => {
          ctx.body = ctx.state.caller.ownedBy
        })
      return overSocket(app.listen(0, "127.0.0.1"))
    },
    express: async () => {
      const route = second.express.bearer(options)
      const app = expressApp().use(first.express.bearer(options))
      app.get(
        "/",
        route.requireScopes("treasure:read"),
        (req, res) => void res.send(first.express.callerOf(req).ownedBy),
      )
      app.delete("/", route.requireScopes("treasure:delete"), (_, res) => void res.send("deleted"))
      return overSocket(app.listen(0, "127.0.0.1"))
    },
    fastify: async () => {
      const route = second.fastify.bearer(options)
      const app = fastifyApp()
      await app.register(first.fastify.bearer(options))
      app.get("/", route.requireScopes("treasure:read"), (request) => request.caller.ownedBy)
      app.delete("/", route.requireScopes("treasure:delete"), () => "deleted")
      await app.listen({ port: 0, host: "127.0.0.1" })
      return overSocket(app.server)
    },
    hono: async () => {
      const route = second.hono.bearer(options)
      const app = new Hono().use(first.hono.bearer(options))
      app.get("/", route.requireScopes("treasure:read"), (c) => c.text(c.get("caller").ownedBy))
      app.delete("/", route.requireScopes("treasure:delete"), (c) => c.text("deleted"))
      return async (plaintext, method) => app.request("/", { method, headers: headersOf(plaintext) ?? {} })
    },
    fetch: async () => {
      const guard = first.fetching.bearer(options)
      const route = second.fetching.bearer(options)
      const handler = guard.protect(async (request, caller) => {
        const denial = await route.authorize(request, caller, [
          request.method === "GET" ? "treasure:read" : "treasure:delete",
        ])
        return denial ?? new Response(caller.ownedBy)
      })
      return async (plaintext, method) =>
        handler(new Request("http://127.0.0.1/", { method, headers: headersOf(plaintext) ?? {} }))
    },
  }
  for (const [name, start] of Object.entries(applications)) {
    const ask = await start()
    const accepted = await ask(plaintext, "GET")
    assert.equal(accepted.status, 200, name)
    assert.equal(await accepted.text(), "user-1", name)
    assert.equal((await ask(plaintext, "DELETE")).status, 403, name)
    assert.equal((await ask(undefined, "GET")).status, 401, name)
  }

  // One copy's errors in the other copy's error handler.
  for (const { fetching } of [first, second]) {
    const failing = fetching.problemDetails()(async () => {
      await tokens.find({ id: "0198f000-0000-7000-8000-000000000000", ownedBy: "user-1" })
      return new Response("found")
    })
    assert.equal((await failing(new Request("http://127.0.0.1/"))).status, 404)
  }
  await tokens.close()
}
console.log("done")
process.exit()
