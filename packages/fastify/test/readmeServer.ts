import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer } from "@tokenry/fastify"
import fastify from "fastify"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })

const guard = bearer({ tokens, realm: "treasures" })
const app = fastify()
await app.register(guard)
app.get("/treasures", guard.requireScopes("treasure:read"), (request) => {
  return `The treasures of ${request.caller.ownedBy}\n`
})

await app.listen({ port: 3000, host: "127.0.0.1" })
console.log(`curl -i -H 'Authorization: Bearer ${plaintext}' http://127.0.0.1:3000/treasures`)
