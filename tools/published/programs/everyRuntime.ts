/**
 * Issues, verifies and revokes tokens, in memory and in a SQLite file, and answers requests with the runtime's own
 * server.
 */
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer as fetchBearer, problemDetails } from "@tokenry/fetch"
import { bearer as honoBearer } from "@tokenry/hono"
import { SqliteRepository } from "@tokenry/sqlite"
import { Hono } from "hono"
import assert from "node:assert/strict"
import { createServer } from "node:http"
import { rmSync } from "node:fs"
import type { AddressInfo } from "node:net"

type Fetch = (request: Request) => Response | Promise<Response>

/** The runtime's server; on Node, which has none for `Request`, a minimal one. */
const serve = async (fetch: Fetch): Promise<{ readonly url: string; readonly stop: () => unknown }> => {
  if (Bun !== undefined) {
    const server = Bun.serve({ fetch, port: 0, hostname: "127.0.0.1" })
    return { url: `http://127.0.0.1:${server.port}/`, stop: () => server.stop(true) }
  }
  if (Deno !== undefined) {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => undefined }, fetch)
    return { url: `http://127.0.0.1:${server.addr.port}/`, stop: () => server.shutdown() }
  }
  const server = createServer(async ({ headers }, res) => {
    const { authorization } = headers
    const init = authorization === undefined ? {} : { headers: { authorization } }
    const response = await fetch(new Request("http://127.0.0.1/", init))
    res.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve)
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop: () => server.close() }
}

const { Bun, Deno } = globalThis as {
  readonly Bun?: {
    serve(options: object): { readonly port: number; stop(now: boolean): Promise<void> }
  }
  readonly Deno?: {
    serve(options: object, fetch: Fetch): { readonly addr: { readonly port: number }; shutdown(): Promise<void> }
  }
}

const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures", "treasure:delete": "Delete treasures" })
const filename = `tokens-of-${Bun ? "bun" : Deno ? "deno" : "node"}.sqlite`

for (const repository of [MemoryRepository.layer, SqliteRepository.layer({ filename })]) {
  const tokens = await createApiTokens({ repository, catalogue })
  const { plaintext, token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
  const options = { tokens, realm: "treasures" }
  const own = { id: token.id, ownedBy: "user-1" }

  const fetchGuard = fetchBearer(options)
  const hono = new Hono()
  const honoGuard = honoBearer(options)
  hono.get("/", honoGuard.requireScopes("treasure:read"), (c) => c.text(`of ${c.get("caller").ownedBy}`))
  hono.delete("/", honoGuard.requireScopes("treasure:delete"), (c) => c.text("deleted"))

  const servers = [
    await serve(
      problemDetails()(fetchGuard.requireScopes("treasure:read")((_, { ownedBy }) => new Response(`of ${ownedBy}`))),
    ),
    await serve((request) => hono.fetch(request)),
  ]
  const bearing = { headers: { Authorization: `Bearer ${plaintext}` } }
  for (const { url } of servers) {
    const accepted = await fetch(url, bearing)
    assert.equal(await accepted.text(), "of user-1")
    const without = await fetch(url)
    const challenge = 'Bearer realm="treasures", scope="treasure:read"'
    assert.deepEqual([without.status, without.headers.get("WWW-Authenticate")], [401, challenge])
    await without.text()
  }
  const lacking = await hono.request("/", { method: "DELETE", ...bearing })
  assert.equal(lacking.status, 403)

  const { plaintext: next } = await tokens.rotate({ ...own, graceFor: "0 minutes" })
  assert.equal((await tokens.verify(plaintext)).accepted, false)
  assert.equal((await tokens.verify(next)).accepted, true)
  await tokens.revoke(own)
  assert.equal((await tokens.verify(next)).accepted, false)
  for (const { url, stop } of servers) {
    const revoked = await fetch(url, { headers: { Authorization: `Bearer ${next}` } })
    assert.equal(revoked.status, 401)
    await revoked.text()
    await stop()
  }
  await tokens.close()
}

const reopened = await createApiTokens({ repository: SqliteRepository.layer({ filename }), catalogue })
assert.equal((await reopened.list({ ownedBy: "user-1" })).items.length, 1)
await reopened.close()
for (const suffix of ["", "-wal", "-shm"]) rmSync(`${filename}${suffix}`, { force: true })
console.log("done")
