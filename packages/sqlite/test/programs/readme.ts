import { ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { SqliteRepository } from "@tokenry/sqlite"

const tokens = await createApiTokens({
  repository: SqliteRepository.layer({ filename: "tokens.sqlite" }),
  catalogue: ScopeCatalogue.make({ "treasure:read": "See treasures" }),
})
const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
const verification = await tokens.verify(plaintext, { scopes: ["treasure:read"] })
console.log(verification.accepted && verification.caller.ownedBy)
await tokens.close()
