import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer } from "@tokenry/hono"
import { Hono } from "hono"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })

const guard = bearer({ tokens, realm: "treasures" })
const app = new Hono()
app.get("/treasures", guard.requireScopes("treasure:read"), (c) => c.text(c.get("caller").ownedBy))

const response = await app.request("/treasures", { headers: { Authorization: `Bearer ${plaintext}` } })
console.log(response.status, await response.text()) // 200 user-1
console.log((await app.request("/treasures")).status) // 401
