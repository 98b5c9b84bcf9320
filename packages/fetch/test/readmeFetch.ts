import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer, problemDetails } from "@tokenry/fetch"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const guard = bearer({ tokens, realm: "treasures" })
const treasures = guard.requireScopes("treasure:read")(
  (_request, { ownedBy }) => new Response(`The treasures of ${ownedBy}`),
)
const fetch = problemDetails()(treasures)

const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
const request = new Request("https://api.example.com/", { headers: { Authorization: `Bearer ${plaintext}` } })
console.log(await (await fetch(request)).text()) // The treasures of user-1
console.log((await fetch(new Request(request.url))).headers.get("WWW-Authenticate")) // Bearer realm="treasures", scope="treasure:read"
