import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer, problemDetails } from "@tokenry/fetch"

const problemBase = "https://api.example.com/problems/"
const scopes = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
const { protect } = bearer({ tokens, realm: "treasures", problemBase })
const treasures = protect((_request, { ownedBy }) => new Response(`The treasures of ${ownedBy}`), "treasure:read")
const fetch = problemDetails({ problemBase })(treasures)

const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
const request = new Request("https://api.example.com/", { headers: { Authorization: `Bearer ${plaintext}` } })
console.log(await (await fetch(request)).text()) // The treasures of user-1
console.log((await fetch(new Request(request.url))).headers.get("WWW-Authenticate")) // Bearer realm="treasures"
