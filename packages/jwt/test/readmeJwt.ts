import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer, oauthEndpoint } from "@tokenry/fetch"
import { JwtVerifier, SigningKeys, TokenExchange } from "@tokenry/jwt"

const issuer = "https://api.example.com"
const audience = "https://reports.example.com"
const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })

// The service that has the store.
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const keys = await SigningKeys.make({ signing: await SigningKeys.generate() })
const exchange = oauthEndpoint(
  TokenExchange.make({ tokens, issuer, keys, audiences: { [audience]: ["treasure:read"] } }),
)

// A service without it: its guard takes the verifier in place of the tokens. In another process, jwks is a URL
// where the first service serves keys.answerTo(method).
const verifier = JwtVerifier.make({ issuer, audience, jwks: keys.document, catalogue })
const { requireScopes } = bearer({ tokens: verifier, realm: "reports" })
const report = requireScopes("treasure:read")((_request, { ownedBy }) => new Response(`The report of ${ownedBy}`))

// A client exchanges its API token for a JWT, and calls the second service with it.
const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
const body = new URLSearchParams({
  grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
  subject_token: plaintext,
  subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
  audience,
})
const response = await exchange(new Request(`${issuer}/oauth/token`, { method: "POST", body }))
const { access_token: jwt } = (await response.json()) as { access_token: string }
const called = (token: string) => report(new Request(audience, { headers: { Authorization: `Bearer ${token}` } }))
console.log(await (await called(jwt)).text()) // The report of user-1
console.log((await called(plaintext)).status) // 401
