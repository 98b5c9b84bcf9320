import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { Dpop } from "@tokenry/dpop"
import { bearer } from "@tokenry/fetch"
import { customFetch, DPoP, generateKeyPair, protectedResourceRequest } from "oauth4webapi"

const baseUrl = "https://api.example.com"
const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const { requireScopes } = bearer({ tokens, realm: "treasures", dpop: Dpop.make({ baseUrl }) })
const api = requireScopes("treasure:read")((_request, { ownedBy }) => new Response(`The treasures of ${ownedBy}`))

// The token will be bound to the key of the first client that uses it.
const token = { ownedBy: "user-1", name: "CI", scopes: catalogue.scopes, boundTo: "first-key" }
const { plaintext } = await tokens.issue(token)

// A client generates a key, keeps it, and signs a proof for each request.
const keys = await generateKeyPair("ES256")
const url = new URL(`${baseUrl}/treasures`)
const response = await protectedResourceRequest(plaintext, "GET", url, undefined, undefined, {
  DPoP: DPoP({}, keys),
  [customFetch]: (url, init) => api(new Request(url, init as RequestInit)),
})
console.log(await response.text()) // The treasures of user-1

// A thief has the token, but not the key.
const stolen = new Request(url, { headers: { Authorization: `Bearer ${plaintext}` } })
console.log((await api(stolen)).status) // 401
