import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer, problemDetails } from "@tokenry/koa"
import Koa from "koa"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })

const guard = bearer({ tokens, realm: "treasures" })
const app = new Koa()
  .use(problemDetails())
  .use(guard.requireScopes("treasure:read"))
  .use((ctx) => {
    ctx.body = `The treasures of ${ctx.state.caller.ownedBy}\n`
  })

app.listen(3000, "127.0.0.1")
console.log(`curl -i -H 'Authorization: Bearer ${plaintext}' http://127.0.0.1:3000/`)
