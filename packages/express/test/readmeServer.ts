import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer, callerOf } from "@tokenry/express"
import express from "express"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })

const guard = bearer({ tokens, realm: "treasures" })
const app = express()
app.get("/treasures", guard.requireScopes("treasure:read"), (req, res) => {
  res.send(`The treasures of ${callerOf(req).ownedBy}\n`)
})

app.listen(3000, "127.0.0.1")
console.log(`curl -i -H 'Authorization: Bearer ${plaintext}' http://127.0.0.1:3000/treasures`)
