/** A CommonJS program that requires every package, issues, verifies and revokes. */
const assert = require("node:assert/strict")
const { MemoryRepository, ScopeCatalogue } = require("@tokenry/core")
const { repositoryFromPromises } = require("@tokenry/core/adapter")
const { NodeCrypto } = require("@tokenry/core/node")
const { createApiTokens } = require("@tokenry/core/promise")
const { SqliteRepository } = require("@tokenry/sqlite")
const Koa = require("koa")

const adapters = ["express", "fastify", "fetch", "hono", "koa"].map((name) => require(`@tokenry/${name}`))
for (const store of ["mongodb", "postgres"]) assert.ok(Object.keys(require(`@tokenry/${store}`)).length > 0)
for (const exported of [repositoryFromPromises, NodeCrypto]) assert.ok(exported)

const main = async () => {
  const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
  for (const repository of [MemoryRepository.layer, SqliteRepository.layer({ filename: ":memory:" })]) {
    const tokens = await createApiTokens({ repository, catalogue })
    const { plaintext, token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
    for (const { bearer } of adapters) bearer({ tokens, realm: "treasures" })

    const { bearer } = require("@tokenry/koa")
    const app = new Koa().use(bearer({ tokens, realm: "treasures" }).requireScopes("treasure:read")).use((ctx) => {
      ctx.body = ctx.state.caller.ownedBy
    })
    const server = app.listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    const url = `http://127.0.0.1:${server.address().port}/`
    const response = await fetch(url, { headers: { Authorization: `Bearer ${plaintext}` } })
    assert.equal(await response.text(), "user-1")
    await tokens.revoke({ id: token.id, ownedBy: "user-1" })
    assert.equal((await fetch(url, { headers: { Authorization: `Bearer ${plaintext}` } })).status, 401)
    server.close()
    server.closeAllConnections()
    await tokens.close()
  }
  console.log("done")
}
void main()
